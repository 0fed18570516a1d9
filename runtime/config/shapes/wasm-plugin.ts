import { any, enumOf, int32, listOf, message, string } from "../shape.ts";
import { moduleUrl, targetsOrSelector, valueInline } from "../shape-rules.ts";
import { policyTargetReference, typePortSelector, typeWorkloadSelector } from "./selector.ts";

const envVar = message(
  "istio.extensions.v1alpha1.EnvVar",
  {
    name: { ...string, minLength: 1, maxBytes: 256 },
    valueFrom: enumOf("istio.extensions.v1alpha1.EnvValueSource", ["INLINE", "HOST"]),
    value: { ...string, maxBytes: 2048 },
  },
  { required: ["name"], rules: [valueInline] },
);

export const vmConfig = message("istio.extensions.v1alpha1.VmConfig", {
  env: listOf(envVar, { max: 256, key: "name" }),
});

const wasmPluginTrafficSelector = message("istio.extensions.v1alpha1.WasmPlugin.TrafficSelector", {
  mode: enumOf("istio.type.v1beta1.WorkloadMode", ["UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"]),
  ports: listOf(typePortSelector, { key: "number" }),
});

export const wasmPlugin = message(
  "istio.extensions.v1alpha1.WasmPlugin",
  {
    selector: typeWorkloadSelector,
    targetRef: policyTargetReference,
    targetRefs: listOf(policyTargetReference, { max: 16 }),
    url: { ...string, minLength: 1, rules: [moduleUrl] },
    sha256: { ...string, pattern: /(^$|^[a-f0-9]{64}$)/ },
    imagePullPolicy: enumOf("istio.extensions.v1alpha1.PullPolicy", ["UNSPECIFIED_POLICY", "IfNotPresent", "Always"]),
    imagePullSecret: { ...string, minLength: 1, maxBytes: 253 },
    verificationKey: string,
    pluginConfig: any,
    pluginName: { ...string, minLength: 1, maxBytes: 256 },
    phase: enumOf("istio.extensions.v1alpha1.PluginPhase", ["UNSPECIFIED_PHASE", "AUTHN", "AUTHZ", "STATS"]),
    priority: { ...int32, nullable: true },
    failStrategy: enumOf("istio.extensions.v1alpha1.FailStrategy", ["FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"]),
    vmConfig: vmConfig,
    match: listOf(wasmPluginTrafficSelector),
    type: enumOf("istio.extensions.v1alpha1.PluginType", ["UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK"]),
  },
  { required: ["url"], rules: [targetsOrSelector] },
);
