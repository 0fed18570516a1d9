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
  MD3009: {
    title: "The new root of the CA does not overlap with the old one",
    why: "Sidecars that still have certificates of the old root and those that trust the new one only would refuse each other. Istio does not take such a change either.",
    next: "Put old and new root into root-cert.pem first, then replace ca-cert.pem, ca-key.pem and cert-chain.pem, then take the old root out (docs/certificates.md).",
  },
  MD3010: {
    title: "A CA that was given cannot be replaced by command",
    why: "The mesh runs with a plug-in CA (--ca, or `ca` in the project file): its files are yours.",
    next: "Change the files in its folder; they are taken up as they change (docs/certificates.md).",
  },
  MD3011: {
    title: "A sidecar got no certificate of the new CA in time",
    why: "The CA was replaced, and a sidecar did not ask for a new certificate or could not be given one.",
    next: "Look at its log; until the next rotation the old root stays trusted, so that no call fails.",
  },
  MD3012: {
    title: "A change of the CA's files was not taken up",
    why: "What is in the folder now is no usable CA, or half written. The CA that was read before goes on signing.",
    next: "Mend the files; they are read again as soon as they change.",
  },
} as const satisfies CodeTable<`MD3${string}`>;
