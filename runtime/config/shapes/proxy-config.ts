import { int32, mapOf, message, string } from "../shape.ts";
import { typeWorkloadSelector } from "./selector.ts";

const proxyImage = message("istio.networking.v1beta1.ProxyImage", {
  imageType: string,
});

export const proxyConfig = message("istio.networking.v1beta1.ProxyConfig", {
  selector: typeWorkloadSelector,
  concurrency: { ...int32, min: 0, nullable: true },
  environmentVariables: mapOf({ ...string, maxBytes: 2048 }),
  image: proxyImage,
});
