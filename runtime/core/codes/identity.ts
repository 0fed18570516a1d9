import type { CodeTable } from "./table.ts";

/** MD3xxx: certificates, the CA, trust. A number is never reused; a retired one stays, marked so. */
export const identityCodes = {
  MD3001: {
    title: "The CA cannot be used",
    why: "The CA folder is damaged: a file in it is not what its name says.",
    next: "Give a complete plug-in CA (ca-cert.pem, ca-key.pem, cert-chain.pem, root-cert.pem), or start with --fresh-ca.",
  },
  MD3002: {
    title: "The CA folder is incomplete",
    why: "Some of ca-cert.pem, ca-key.pem, cert-chain.pem and root-cert.pem are there and some are not. Istio refuses such a bundle too.",
    next: "Add the missing files, or start with --fresh-ca.",
  },
  MD3003: {
    title: "The signing certificate is not a CA",
    why: "ca-cert.pem is not allowed to sign other certificates: its basic constraints or its key usage do not say CA.",
    next: "Issue the intermediate certificate with CA:TRUE and keyCertSign.",
  },
  MD3004: {
    title: "The CA's key does not belong to its certificate",
    why: "ca-key.pem and ca-cert.pem hold different public keys.",
    next: "Put the key that was made together with ca-cert.pem into ca-key.pem.",
  },
  MD3005: {
    title: "The signing certificate does not chain to the root",
    why: "No path leads from ca-cert.pem through cert-chain.pem to a certificate in root-cert.pem, so no proxy would trust what it signs.",
    next: "Make cert-chain.pem hold every certificate between ca-cert.pem and root-cert.pem.",
  },
  MD3006: {
    title: "The signing certificate is outside its validity",
    why: "Nothing can be issued by a CA that has expired or is not valid yet.",
    next: "Renew the CA, check the clock, or start with --fresh-ca.",
  },
  MD3007: {
    title: "A certificate request was refused",
    why: "The request is damaged, is not signed by the key it names, or asks for a key that is too weak.",
    next: "This comes from a data plane: restart it; if it happens again, report it.",
  },
  MD3008: {
    title: "The requested certificate lifetime is too long",
    why: "Istio's CA issues workload certificates for 90 days at most (MAX_WORKLOAD_CERT_TTL).",
    next: "Ask for a shorter lifetime.",
  },
} as const satisfies CodeTable<`MD3${string}`>;
