import { bugCodes } from "./codes/bug.ts";
import { cliCodes } from "./codes/cli.ts";
import { controlCodes } from "./codes/control.ts";
import { fileCodes } from "./codes/file.ts";
import { hostCodes } from "./codes/host.ts";
import { identityCodes } from "./codes/identity.ts";
import { istioCodes } from "./codes/istio.ts";
import { meaningCodes } from "./codes/meaning.ts";
import { proxyCodes } from "./codes/proxy.ts";
import { workloadCodes } from "./codes/workload.ts";

/** Every stable code of meshdev. docs/errors.md is generated from this table. */
export const codes = {
  ...fileCodes,
  ...meaningCodes,
  ...identityCodes,
  ...workloadCodes,
  ...proxyCodes,
  ...hostCodes,
  ...controlCodes,
  ...cliCodes,
  ...bugCodes,
  ...istioCodes,
} as const;

export type Code = keyof typeof codes;
