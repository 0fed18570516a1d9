import { any, enumOf, int32, listOf, message, string } from "../shape.ts";
import { moduleUrl, targetsOrSelector, wasmOrLua } from "../shape-rules.ts";
import { policyTargetReference, typePortSelector, typeWorkloadSelector } from "./selector.ts";
import { vmConfig } from "./wasm-plugin.ts";

const trafficSelector = message("istio.extensions.v1alpha1.TrafficSelector", {
  mode: enumOf("istio.type.v1beta1.WorkloadMode", ["UNDEFINED", "CLIENT", "SERVER", "CLIENT_AND_SERVER"]),
  ports: listOf(typePortSelector, { key: "number" }),
});

const wasmConfig = message(
  "istio.extensions.v1alpha1.WasmConfig",
  {
    url: { ...string, minLength: 1, rules: [moduleUrl] },
    sha256: { ...string, pattern: /(^$|^[a-f0-9]{64}$)/ },
    imagePullPolicy: enumOf("istio.extensions.v1alpha1.PullPolicy", ["UNSPECIFIED_POLICY", "IfNotPresent", "Always"]),
    imagePullSecret: { ...string, minLength: 1, maxBytes: 253 },
    verificationKey: string,
    pluginConfig: any,
    pluginName: { ...string, minLength: 1, maxBytes: 256 },
    failStrategy: enumOf("istio.extensions.v1alpha1.FailStrategy", ["FAIL_CLOSE", "FAIL_OPEN", "FAIL_RELOAD"]),
    vmConfig: vmConfig,
    type: enumOf("istio.extensions.v1alpha1.PluginType", ["UNSPECIFIED_PLUGIN_TYPE", "HTTP", "NETWORK"]),
  },
  { required: ["url"] },
);

const luaConfig = message(
  "istio.extensions.v1alpha1.LuaConfig",
  {
    inlineCode: { ...string, minLength: 1, maxBytes: 65536 },
  },
  { required: ["inlineCode"] },
);

export const trafficExtension = message(
  "istio.extensions.v1alpha1.TrafficExtension",
  {
    selector: typeWorkloadSelector,
    targetRefs: listOf(policyTargetReference, { max: 16 }),
    phase: enumOf("istio.extensions.v1alpha1.TrafficExtension.ExecutionPhase", [
      "UNSPECIFIED",
      "AUTHN",
      "AUTHZ",
      "STATS",
    ]),
    priority: { ...int32, nullable: true },
    match: listOf(trafficSelector),
    wasm: wasmConfig,
    lua: luaConfig,
  },
  { oneOf: [["wasm", "lua"]], rules: [targetsOrSelector, wasmOrLua] },
);
