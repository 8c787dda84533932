import { useQuery } from '@tanstack/react-query';
import type { PartitionsResponse, Retention, StorageResponse } from '../api/types.ts';
import { get } from '../api/client.ts';

const storageEveryMs = 30_000;
/** The lifecycle reads a changed retention every ten seconds. */
const retentionEveryMs = 5_000;

/** The sizes of the tables. */
export function useStorage() {
  return useQuery({
    queryKey: ['storage'],
    queryFn: ({ signal }) => get<StorageResponse>('system/storage', signal),
    refetchInterval: storageEveryMs,
  });
}

/** The partitions of spans. */
export function usePartitions() {
  return useQuery({
    queryKey: ['partitions'],
    queryFn: ({ signal }) => get<PartitionsResponse>('system/partitions', signal),
    refetchInterval: storageEveryMs,
  });
}

/** How long spans are kept. */
export function useRetention() {
  return useQuery({
    queryKey: ['retention'],
    queryFn: ({ signal }) => get<Retention>('system/retention', signal),
    refetchInterval: retentionEveryMs,
  });
}
