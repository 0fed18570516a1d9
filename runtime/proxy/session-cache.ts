import type { X509Certificate } from "node:crypto";

/** A session that may be resumed, with the certificate that was verified when it began: a resumed client does not see it again. */
export interface CachedSession {
  readonly session: Buffer;
  readonly leaf: X509Certificate;
}

/**
 * Client sessions by everything that made them acceptable: own certificate, bundle, cluster, endpoint, TLS settings.
 * Whoever has another key never finds, and so never resumes, somebody else's session (model.md §4).
 */
export interface SessionCache {
  readonly get: (key: string) => CachedSession | undefined;
  readonly put: (key: string, entry: CachedSession) => void;
  readonly drop: (key: string) => void;
  /** Drops those whose key fails the test. */
  readonly sweep: (keep: (key: string) => boolean) => void;
}

export function createSessionCache(capacity: number): SessionCache {
  const entries = new Map<string, CachedSession>();
  return {
    get: (key) => entries.get(key),
    put: (key, entry) => {
      entries.delete(key);
      entries.set(key, { session: inOwnMemory(entry.session), leaf: entry.leaf });
      if (entries.size > capacity) {
        const oldest = entries.keys().next();
        if (oldest.done !== true) entries.delete(oldest.value);
      }
    },
    drop: (key) => {
      entries.delete(key);
    },
    sweep: (keep) => {
      for (const key of entries.keys()) if (!keep(key)) entries.delete(key);
    },
  };
}

/** Node cuts small buffers out of shared blocks of 64 KiB; a session of two would keep the whole block for as long as it is cached. */
function inOwnMemory(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}
