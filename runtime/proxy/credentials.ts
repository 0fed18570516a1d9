import { X509Certificate, createPrivateKey } from "node:crypto";
import type { SecureContext } from "node:tls";
import type { Clock } from "../core/clock.ts";
import { readCertificates, spiffeOf, subjectAltNames } from "../identity/certificate.ts";
import { createKeyAndCsr } from "../identity/csr.ts";
import type { TrustSection } from "../model/snapshot.ts";
import { createClientContext, createServerContext } from "./tls-context.ts";

/** The certificate a sidecar presents, with its key, which never leaves this process. */
export interface Svid {
  readonly key: string;
  /** Leaf first, PEM. */
  readonly chain: string;
  readonly leaf: X509Certificate;
  /** What is presented with the leaf. */
  readonly issuers: readonly X509Certificate[];
  readonly spiffe: string;
}

/** Root certificates that peers must chain to. */
export interface TrustBundle {
  readonly version: number;
  /** PEM. */
  readonly roots: string;
  readonly certificates: readonly X509Certificate[];
}

export interface Credentials {
  readonly svid: () => Svid | undefined;
  /** Contexts are pulled for every handshake, so that rotation touches no connection. Undefined: not certified yet. */
  readonly server: (trust: TrustSection, bundle: TrustBundle) => SecureContext | undefined;
  readonly client: (bundle: TrustBundle) => SecureContext | undefined;
  /** Makes a key and asks for a certificate. */
  readonly renew: () => void;
  /** Installs the answer; a chain that does not fit the key that asked, or names somebody else, is ignored. */
  readonly install: (chain: string) => boolean;
  readonly refused: () => void;
  /** What the certificate must say; another identity than before throws the old certificate away and asks anew. */
  readonly expect: (identity: string) => void;
  /** Calls back once a certificate is there, or with false when it does not come in time. */
  readonly whenReady: (done: (ready: boolean) => void) => void;
  readonly close: () => void;
}

const retryAfterMs = 1000;
const waitMs = 5000;

export function createCredentials(
  clock: Clock,
  sendCsr: (csr: string) => void,
  onInstalled: (svid: Svid) => void,
): Credentials {
  let identity: string | undefined;
  let pendingKey: string | undefined;
  let current: Svid | undefined;
  let closed = false;
  let serverContext: { readonly key: string; readonly context: SecureContext } | undefined;
  let clientContext: { readonly key: string; readonly context: SecureContext } | undefined;
  const waiting = new Set<(ready: boolean) => void>();

  function renew(): void {
    if (closed) return;
    const made = createKeyAndCsr();
    pendingKey = made.key;
    sendCsr(made.csr);
  }

  return {
    svid: () => current,
    server: (trust, bundle) => {
      if (current === undefined) return undefined;
      const key = JSON.stringify([current.leaf.fingerprint256, bundle.version, trust]);
      if (serverContext?.key !== key)
        serverContext = { key, context: createServerContext(current, bundle.roots, trust.minProtocolVersion) };
      return serverContext.context;
    },
    client: (bundle) => {
      if (current === undefined) return undefined;
      const key = `${current.leaf.fingerprint256} ${bundle.version}`;
      if (clientContext?.key !== key) clientContext = { key, context: createClientContext(current, bundle.roots) };
      return clientContext.context;
    },
    renew,
    install: (chain) => {
      if (pendingKey === undefined) return false;
      const svid = readSvid(chain, pendingKey);
      if (svid === undefined || (identity !== undefined && svid.spiffe !== identity)) return false;
      pendingKey = undefined;
      current = svid;
      onInstalled(svid);
      for (const done of waiting) done(true);
      waiting.clear();
      return true;
    },
    refused: () => {
      clock.after(retryAfterMs, renew);
    },
    expect: (wanted) => {
      if (identity === wanted) return;
      identity = wanted;
      if (current !== undefined && current.spiffe !== wanted) current = undefined;
      if (current === undefined) renew();
    },
    whenReady: (done) => {
      if (current !== undefined) {
        done(true);
        return;
      }
      if (closed) {
        done(false);
        return;
      }
      const cancel = clock.after(waitMs, () => {
        if (waiting.delete(settle)) done(false);
      });
      const settle = (ready: boolean): void => {
        cancel();
        done(ready);
      };
      waiting.add(settle);
    },
    close: () => {
      closed = true;
      for (const done of waiting) done(false);
      waiting.clear();
    },
  };
}

function readSvid(chain: string, key: string): Svid | undefined {
  try {
    const leaf = new X509Certificate(chain);
    if (!leaf.checkPrivateKey(createPrivateKey(key))) return undefined;
    const spiffe = spiffeOf(subjectAltNames(leaf));
    return spiffe === null ? undefined : { key, chain, leaf, issuers: readCertificates(chain)?.slice(1) ?? [], spiffe };
  } catch {
    return undefined;
  }
}
