import { filled, int32, listOf, mapOf, message, string, uint32 } from "../shape.ts";
import { portRange, probeScheme, socketWithoutPorts } from "../shape-rules.ts";
import { workloadEntry } from "./workload-entry.ts";

const objectMeta = message("istio.networking.v1alpha3.WorkloadGroup.ObjectMeta", {
  labels: mapOf(string, { max: 256 }),
  annotations: mapOf(string, { max: 256 }),
});

const httpHeader = message("istio.networking.v1alpha3.HTTPHeader", {
  name: { ...string, pattern: /^[-_A-Za-z0-9]+$/ },
  value: string,
});

const httpHealthCheckConfig = message(
  "istio.networking.v1alpha3.HTTPHealthCheckConfig",
  {
    path: string,
    port: { ...uint32, rules: [portRange] },
    host: string,
    scheme: { ...string, rules: [probeScheme] },
    httpHeaders: listOf(httpHeader),
  },
  { required: ["port"] },
);

const tcpHealthCheckConfig = message(
  "istio.networking.v1alpha3.TCPHealthCheckConfig",
  {
    host: string,
    port: { ...uint32, rules: [portRange] },
  },
  { required: ["port"] },
);

const execHealthCheckConfig = message(
  "istio.networking.v1alpha3.ExecHealthCheckConfig",
  {
    command: listOf(filled),
  },
  { required: ["command"] },
);

const grpcHealthCheckConfig = message("istio.networking.v1alpha3.GrpcHealthCheckConfig", {
  port: { ...uint32, rules: [portRange] },
  service: string,
});

const readinessProbe = message(
  "istio.networking.v1alpha3.ReadinessProbe",
  {
    initialDelaySeconds: { ...int32, min: 0 },
    timeoutSeconds: { ...int32, min: 0 },
    periodSeconds: { ...int32, min: 0 },
    successThreshold: { ...int32, min: 0 },
    failureThreshold: { ...int32, min: 0 },
    httpGet: httpHealthCheckConfig,
    tcpSocket: tcpHealthCheckConfig,
    exec: execHealthCheckConfig,
    grpc: grpcHealthCheckConfig,
  },
  { oneOf: [["httpGet", "tcpSocket", "exec", "grpc"]] },
);

export const workloadGroup = message(
  "istio.networking.v1alpha3.WorkloadGroup",
  {
    metadata: objectMeta,
    template: { ...workloadEntry, rules: [socketWithoutPorts] },
    probe: readinessProbe,
  },
  { required: ["template"] },
);
