import {
  any,
  boolean,
  type Decoded,
  int32,
  type IntegerShape,
  listOf,
  object,
  oneOfValues,
  type Shape,
  string,
  stringMap,
  strings,
} from "./shape.ts";
import { metadataShape } from "./shapes-kubernetes.ts";

/** What is checked of the kinds that run pods: every name that Kubernetes knows, and the types of what is acted on. */

/** Fields of which nothing but the name is looked at. */
function anyOf(names: string): Readonly<Record<string, typeof any>> {
  return Object.fromEntries(names.split(" ").map((name) => [name, any] as const));
}

const portNumber: IntegerShape = { kind: "integer", type: "int", min: 1, max: 65535 };

const keyReference = object({ name: string, key: string, optional: boolean }, { required: ["key"] });

const variable = object(
  {
    name: { kind: "string", minLength: 1 },
    value: string,
    valueFrom: object({
      configMapKeyRef: keyReference,
      secretKeyRef: keyReference,
      fieldRef: object({ apiVersion: string, fieldPath: string }, { required: ["fieldPath"] }),
      resourceFieldRef: any,
      fileKeyRef: any,
    }),
  },
  { required: ["name"] },
);

const source = object({ name: string, optional: boolean });

const probe = object({
  httpGet: object(
    { path: string, port: any, host: string, scheme: oneOfValues("HTTP", "HTTPS"), httpHeaders: any },
    { required: ["port"] },
  ),
  tcpSocket: object({ port: any, host: string }, { required: ["port"] }),
  exec: object({ command: strings }),
  grpc: object({ port: portNumber, service: string }, { required: ["port"] }),
  initialDelaySeconds: int32,
  periodSeconds: int32,
  timeoutSeconds: int32,
  successThreshold: int32,
  failureThreshold: int32,
  terminationGracePeriodSeconds: any,
});

const container = object(
  {
    name: { kind: "string", minLength: 1 },
    image: string,
    command: strings,
    args: strings,
    workingDir: string,
    ports: listOf(
      object(
        {
          name: string,
          containerPort: portNumber,
          protocol: oneOfValues("TCP", "UDP", "SCTP"),
          hostPort: { kind: "integer", type: "int", min: 0, max: 65535 },
          hostIP: string,
        },
        { required: ["containerPort"] },
      ),
    ),
    env: listOf(variable),
    envFrom: listOf(object({ prefix: string, configMapRef: source, secretRef: source })),
    volumeMounts: listOf(
      object(
        {
          name: string,
          mountPath: string,
          subPath: string,
          subPathExpr: any,
          readOnly: boolean,
          mountPropagation: any,
          recursiveReadOnly: any,
        },
        { required: ["name", "mountPath"] },
      ),
    ),
    readinessProbe: probe,
    livenessProbe: probe,
    startupProbe: probe,
    resources: any,
    resizePolicy: any,
    restartPolicy: string,
    restartPolicyRules: any,
    lifecycle: any,
    volumeDevices: any,
    imagePullPolicy: oneOfValues("Always", "IfNotPresent", "Never"),
    securityContext: any,
    stdin: boolean,
    stdinOnce: boolean,
    tty: boolean,
    terminationMessagePath: any,
    terminationMessagePolicy: any,
  },
  { required: ["name"] },
);

const volumeItems = listOf(object({ key: string, path: string, mode: int32 }, { required: ["key", "path"] }));
const otherVolumes = anyOf(
  "hostPath persistentVolumeClaim downwardAPI projected csi ephemeral nfs image iscsi " +
    "awsElasticBlockStore azureDisk azureFile cephfs cinder fc flexVolume flocker gcePersistentDisk " +
    "gitRepo glusterfs photonPersistentDisk portworxVolume quobyte rbd scaleIO storageos " +
    "vsphereVolume",
);

const volume = object(
  {
    name: { kind: "string", minLength: 1 },
    configMap: object({ name: string, items: volumeItems, defaultMode: int32, optional: boolean }),
    secret: object({ secretName: string, items: volumeItems, defaultMode: int32, optional: boolean }),
    emptyDir: any,
    ...otherVolumes,
  },
  { required: ["name"] },
);

/** Names that Kubernetes knows and that change nothing on a laptop. */
const restOfPod = anyOf(
  "activeDeadlineSeconds affinity automountServiceAccountToken dnsConfig dnsPolicy " +
    "enableServiceLinks ephemeralContainers hostAliases hostIPC hostPID hostUsers hostname " +
    "hostnameOverride imagePullSecrets nodeName nodeSelector os overhead preemptionPolicy priority " +
    "priorityClassName readinessGates resourceClaims resources runtimeClassName schedulerName " +
    "schedulingGates securityContext setHostnameAsFQDN shareProcessNamespace subdomain " +
    "terminationGracePeriodSeconds tolerations topologySpreadConstraints workloadRef",
);

export const podShape = object(
  {
    containers: listOf(container, { min: 1, key: "name" }),
    initContainers: listOf(container, { key: "name" }),
    serviceAccountName: string,
    serviceAccount: string,
    restartPolicy: oneOfValues("Always", "OnFailure", "Never"),
    hostNetwork: boolean,
    volumes: listOf(volume, { key: "name" }),
    ...restOfPod,
  },
  { required: ["containers"] },
);

export type PodSpec = Decoded<typeof podShape>;
export type Container = Decoded<typeof container>;
export type ProbeSpec = Decoded<typeof probe>;

const template = object({ metadata: metadataShape, spec: podShape }, { required: ["spec"] });
const selector = object({ matchLabels: stringMap, matchExpressions: any });
const count: IntegerShape = { kind: "integer", type: "int", min: 0, max: 2_147_483_647 };

/** What is read of a Deployment, StatefulSet, DaemonSet, ReplicaSet or Job. */
export interface ControllerSpec {
  readonly replicas?: number;
  readonly selector?: Decoded<typeof selector>;
  readonly template?: { readonly metadata?: unknown; readonly spec?: PodSpec };
}

function workload(names: string, required: readonly string[] = ["selector", "template"]): Shape {
  return object({ ...anyOf(names), replicas: count, selector, template }, { required });
}

export const deploymentShape = workload("strategy minReadySeconds revisionHistoryLimit paused progressDeadlineSeconds");
export const replicaSetShape = workload("minReadySeconds");
export const statefulSetShape = workload(
  "serviceName volumeClaimTemplates podManagementPolicy updateStrategy revisionHistoryLimit " +
    "minReadySeconds persistentVolumeClaimRetentionPolicy ordinals",
);
export const daemonSetShape = workload("updateStrategy minReadySeconds revisionHistoryLimit");
export const jobShape = workload(
  "parallelism completions activeDeadlineSeconds podFailurePolicy successPolicy backoffLimit " +
    "backoffLimitPerIndex maxFailedIndexes manualSelector ttlSecondsAfterFinished completionMode " +
    "suspend podReplacementPolicy managedBy",
  ["template"],
);
