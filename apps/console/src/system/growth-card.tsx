import { useState } from 'react';
import { formatDuration } from '../format/duration.ts';
import { formatBytes } from './bytes.ts';
import { daysUntilFull, storageEstimateOf } from './storage-estimate.ts';
import { usePartitions, useRetention, useStorage } from './use-storage.ts';

const gibibyte = 2 ** 30;
const dayNs = 86_400e9;
const key = 'spandrel-disk-gib';

/** How fast the database grows, and when a disk of a size that the user enters is full. */
export function GrowthCard() {
  const storage = useStorage().data;
  const partitions = usePartitions().data;
  const retention = useRetention().data;
  const [disk, setDisk] = useState(savedDisk);
  if (storage === undefined || partitions === undefined || retention === undefined) return null;
  const estimate = storageEstimateOf(partitions, storage, retention.retentionMs, Date.now());
  const diskBytes = Number(disk) * gibibyte;
  const days = estimate === undefined ? undefined : daysUntilFull(estimate, storage.databaseBytes, diskBytes);
  const change = (next: string): void => {
    setDisk(next);
    try {
      localStorage.setItem(key, next);
    } catch {
      // Without storage the size lasts until the page is reloaded.
    }
  };
  return (
    <section className="card" aria-labelledby="growth">
      <h2 id="growth">Growth</h2>
      {estimate === undefined ? (
        <p className="quiet">An estimate needs a complete partition after the first one with spans.</p>
      ) : (
        <>
          <p>
            About <strong>{formatBytes(estimate.bytesPerDay)}</strong> a day, from the complete partitions of the last
            week. With the present retention and traffic, the database stops growing at about{' '}
            <strong>{formatBytes(estimate.settledBytes)}</strong>.
          </p>
          <label className="row">
            Disk for the database, in GiB
            <input
              type="number"
              min={1}
              step="any"
              value={disk}
              onChange={(event) => change(event.target.value)}
              placeholder="unknown"
            />
          </label>
          {diskBytes > 0 && (
            <p role="status">
              {days === undefined ? (
                'The disk is large enough: the database stops growing before it is full.'
              ) : (
                <span className={days < 7 ? 'bad' : ''}>Full in about {formatDuration(Math.round(days) * dayNs)}.</span>
              )}
            </p>
          )}
          <p className="quiet">PostgreSQL does not tell the size of its disk. This browser remembers what you enter.</p>
        </>
      )}
    </section>
  );
}

function savedDisk(): string {
  try {
    return localStorage.getItem(key) ?? '';
  } catch {
    return '';
  }
}
