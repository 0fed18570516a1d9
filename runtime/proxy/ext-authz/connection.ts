import type { CheckedConnection } from "../../traffic/ext-authz/grpc-check.ts";
import type { InboundConnection } from "../inbound-connection.ts";
import { urlEncodedPem } from "../url-encoded-pem.ts";

/** A caller's connection in the words of a gRPC check (spec CU-6). */
export function checkedConnection({ facts, from, port, tls }: InboundConnection): CheckedConnection {
  const { peer } = facts;
  return {
    source: {
      address: facts.sourceIp,
      port: Number(from.address.slice(from.address.lastIndexOf(":") + 1)),
      principal: peer?.uriSans[0] ?? peer?.dnsSans[0] ?? peer?.subject ?? "",
      certificate: tls === undefined ? "" : urlEncodedPem(tls.leaf),
    },
    destination: { address: facts.destinationIp, port, principal: tls?.identity ?? "", certificate: "" },
    sni: facts.sni ?? "",
  };
}
