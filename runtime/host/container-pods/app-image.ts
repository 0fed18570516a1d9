import { MeshError } from "../../core/error.ts";
import type { Container } from "../../model/container.ts";
import type { PodEngine } from "../containers/engine.ts";

/** Sees to it that the engine has the image: pulls or builds it as its policy says. @throws MeshError MD602x */
export async function provideImage(
  { images }: PodEngine,
  { image, build, pullPolicy }: Container,
  onLine: (line: string) => void,
): Promise<void> {
  if (build !== undefined && pullPolicy === "build") {
    await images.build({ tag: image, ...build, labels: {} }, onLine);
    return;
  }
  const isThere = (await images.inspect(image)) !== undefined;
  if (isThere && pullPolicy !== "always") return;
  if (pullPolicy === "never")
    throw new MeshError("MD6020", `the image ${image} is not on this machine, and pull_policy is never`, {
      hint: "build or pull it, or change pull_policy",
    });
  await images.pull(image, (line) => onLine(`${image}: ${line}`));
}
