import type { Target } from "./target.ts";
import { chunks } from "./targets/chunks.ts";
import { clientHello } from "./targets/client-hello.ts";
import { http2 } from "./targets/http2.ts";
import { http2Node } from "./targets/http2-node.ts";
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
  http2,
  http2Node,
];
