/** Name of a caller with the identity of a service and no program of the mesh, the `number`-th one; `suffix` is what follows names outside of `default`. */
export function leaseId(service: string, number: number, suffix: string): string {
  return `${service}#exec-${number}${suffix}`;
}

/** Whose identity a caller has: the service of a lease as `orders` or `orders.shop`; any other name as it is. */
export function ownerOf(workload: string): string {
  return workload.replace(/#exec-\d+/, "");
}
