/** Certificates that a case's documents hold by placeholders: `{{CA64:mesh}}`, `{{CERT64:a.example}}`, `{{KEY64:rogue:spiffe://…}}`. */

/** `crl`: a list that revokes the certificate of this name. */
export interface PemWish {
  readonly kind: "ca" | "cert" | "key" | "crl";
  readonly ca: "mesh" | "rogue" | "public";
  readonly name: string;
}

const placeholder = /\{\{(CA|CERT|KEY|CRL)64:(?:(mesh|rogue|public)(?::|(?=\}\})))?([^}]*)\}\}/g;

export function pemWishes(config: string): readonly PemWish[] {
  return [...config.matchAll(placeholder)].map((match) => wishOf(match));
}

/** The documents with what `pem` gives, in base64. */
export function withPem(config: string, pem: (wish: PemWish) => string): string {
  return config.replaceAll(placeholder, (...match) => Buffer.from(pem(wishOf(match))).toString("base64"));
}

/** A certificate that names no CA is of the one behind names outside the mesh. */
function wishOf([, kind, ca, name]: readonly unknown[]): PemWish {
  const kinds = { CA: "ca", CERT: "cert", KEY: "key", CRL: "crl" } as const;
  const known = (["CA", "CERT", "KEY", "CRL"] as const).find((each) => each === kind) ?? "CA";
  const by = (["mesh", "rogue", "public"] as const).find((each) => each === ca) ?? "public";
  return { kind: kinds[known], ca: by, name: typeof name === "string" ? name : "" };
}

/** Stands for a text where nobody reads it: `rogue cert spiffe://…`. */
export function paperPem({ kind, ca, name }: PemWish): string {
  return `${ca} ${kind} ${name}`;
}
