import type { istioCodes } from "../core/codes/istio.ts";
import type { Severity } from "../core/problem.ts";

export type AnalysisCode = keyof typeof istioCodes | "IST0106" | "IST0133";

const warnings: readonly AnalysisCode[] = [
  "IST0002",
  "IST0103",
  "IST0107",
  "IST0108",
  "IST0116",
  "IST0123",
  "IST0125",
  "IST0127",
  "IST0128",
  "IST0129",
  "IST0130",
  "IST0132",
  "IST0133",
  "IST0134",
  "IST0137",
  "IST0138",
  "IST0140",
  "IST0144",
  "IST0146",
  "IST0151",
  "IST0155",
  "IST0157",
  "IST0158",
  "IST0162",
  "IST0163",
  "IST0165",
  "IST0166",
  "IST0167",
  "IST0171",
  "IST0174",
  "IST0175",
  "IST0176",
  "IST0177",
  "IST0150",
];
const notes: readonly AnalysisCode[] = ["IST0102", "IST0118", "IST0131", "IST0135", "IST0148", "IST0164"];

/** The level that `istioctl analyze` gives a code (spec traffic 9.1). */
export function levelOf(code: AnalysisCode): Severity {
  return notes.includes(code) ? "info" : warnings.includes(code) ? "warning" : "error";
}
