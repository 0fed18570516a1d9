/** Whether a text holds Kubernetes documents rather than a project file: those say their kind at the margin. */
export function isKubernetesText(text: string): boolean {
  return /^(?:\{?\s*["']?)kind["']?\s*:/m.test(text) && /["']?apiVersion["']?\s*:/.test(text);
}
