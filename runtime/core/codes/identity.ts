import type { CodeTable } from "./table.ts";

/** MD3xxx: certificates, the CA, trust. A number is never reused; a retired one stays, marked so. */
export const identityCodes = {
  MD3001: {
    title: "The CA cannot be used",
    why: "The CA folder is missing files, is damaged, or its parts do not belong together.",
    next: "Give a complete plug-in CA (ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem), or start with --fresh-ca.",
  },
} as const satisfies CodeTable<`MD3${string}`>;
