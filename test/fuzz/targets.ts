import type { Target } from "./target.ts";
import { chunks } from "./targets/chunks.ts";
import { clientHello } from "./targets/client-hello.ts";
import { proxyV2 } from "./targets/proxy-v2.ts";
import { requests } from "./targets/requests.ts";
import { responses } from "./targets/responses.ts";
import { sniffing } from "./targets/sniffing.ts";

export const targets: readonly [Target, ...(readonly Target[])] = [
  requests,
  responses,
  chunks,
  clientHello,
  proxyV2,
  sniffing,
];
