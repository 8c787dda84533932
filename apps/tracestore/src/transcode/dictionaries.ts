import { limits } from '../limits.js';
import { ContentCache } from './content-cache.js';
import type { DictionaryEntry } from '../storage/dictionary-entry.js';
import { OperationCache } from './operation-cache.js';
import type { ResourceRow, ScopeRow } from '../storage/trace-rows.js';

/** Cached resources, scopes and operations. A usual system has some hundreds of each. */
const entryCapacity = 8_192;
const operationCapacity = 32_768;

/** A resource with the term of its service. */
export interface ResourceEntry extends DictionaryEntry<ResourceRow> {
  readonly serviceTerm: number;
}

/** Caches of dictionary rows, bounded in number and in bytes. */
export class Dictionaries {
  readonly resources = new ContentCache<ResourceEntry>(entryCapacity, limits.dictionaryCacheBytes.value);
  readonly scopes = new ContentCache<DictionaryEntry<ScopeRow>>(entryCapacity, limits.dictionaryCacheBytes.value);
  readonly operations = new OperationCache(operationCapacity, limits.dictionaryCacheBytes.value);

  /** Empties the caches, because the database may be another one. */
  forget(): void {
    this.resources.clear();
    this.scopes.clear();
    this.operations.clear();
  }
}
