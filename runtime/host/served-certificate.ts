import { X509Certificate } from "node:crypto";

/** Why a certificate in PEM cannot be served now; undefined when it can. */
export function certificateFault(pem: string): string | undefined {
  try {
    const { validFromDate, validToDate } = new X509Certificate(pem);
    const now = new Date();
    return now < validFromDate || now > validToDate ? "it is not valid now" : undefined;
  } catch {
    return "it cannot be read";
  }
}
