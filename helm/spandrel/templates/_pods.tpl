{{/* The fields that every Pod's specification has. Takes (list $ component uid). */}}
{{- define "spandrel.podSpec" -}}
{{- $root := index . 0 -}}
{{- $uid := index . 2 -}}
serviceAccountName: {{ include "spandrel.name" (list $root (index . 1)) }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with concat $root.Values.imagePullSecrets ($root.Values.global.imagePullSecrets | default list) }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext: { runAsUser: {{ $uid }}, runAsGroup: {{ $uid }}, fsGroup: {{ $uid }} }
{{- end -}}

{{/* The ports of a component's container. Takes (list $ component); with a third element, its node ports, the ports of its Service. */}}
{{- define "spandrel.ports" -}}
{{- $root := index . 0 -}}
{{- $ports := (get (include "spandrel.architecture" $root | fromYaml) (index . 1)).ports -}}
{{- range $name, $port := $ports }}
{{- if eq (len $) 3 }}
- { name: {{ $name }}, port: {{ $port }}, targetPort: {{ $name }}{{ if hasSuffix "http" $name }}, appProtocol: http{{ else if hasSuffix "grpc" $name }}, appProtocol: kubernetes.io/h2c{{ end }}{{ with get (index $ 2) $name }}, nodePort: {{ . }}{{ end }} }
{{- else }}
- { name: {{ $name }}, containerPort: {{ $port }} }
{{- end }}
{{- end }}
{{- end -}}

{{/* The PodDisruptionBudget of a component that has several replicas. Takes (list $ component replicas). */}}
{{- define "spandrel.disruptionBudget" -}}
{{- $root := index . 0 -}}
{{- if and $root.Values.podDisruptionBudget.enabled (gt (int (index . 2)) 1) }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "spandrel.metadata" (list $root (index . 1)) | nindent 2 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "spandrel.selectorLabels" (list $root (index . 1)) | nindent 6 }}
{{- end }}
{{- end -}}

{{/* A component's Service. Takes (list $ component). */}}
{{- define "spandrel.service" -}}
{{- $own := (include "spandrel.settings" . | fromYaml).service | default dict -}}
---
apiVersion: v1
kind: Service
metadata:
  {{- include "spandrel.metadata" . | nindent 2 }}
  {{- with $own.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with omit $own "annotations" "nodePorts" }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  selector:
    {{- include "spandrel.selectorLabels" . | nindent 4 }}
  ports:
    {{- include "spandrel.ports" (append . ($own.nodePorts | default dict)) | trim | nindent 4 }}
{{- end -}}

{{/*
The volume claim `data` of a StatefulSet, for a replica that spandrel.claims did not create. It never changes, because
Kubernetes rejects that. Takes its values of `persistence`.
*/}}
{{- define "spandrel.claim" -}}
{{- if .enabled }}
persistentVolumeClaimRetentionPolicy: { whenDeleted: {{ ternary "Retain" "Delete" .keep }}, whenScaled: Retain }
# With the defaults of the API server, because kubectl apply compares the list as a whole.
volumeClaimTemplates:
  - apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: { name: data }
    spec:
      accessModes: [ReadWriteOnce]
      volumeMode: Filesystem
      resources: { requests: { storage: 1Gi } }
    status: { phase: Pending }
{{- end }}
{{- end -}}

{{/*
The volume claims of a StatefulSet's replicas, with the names that the StatefulSet looks for, so that a volume grows with its
value. The StatefulSet decides when a claim is deleted, not Helm: a claim of a replica that is no longer wanted may have data.
Takes (list $ component replicas persistence).
*/}}
{{- define "spandrel.claims" -}}
{{- $root := index . 0 -}}
{{- $name := list $root (index . 1) -}}
{{- $persistence := index . 3 -}}
{{- if $persistence.enabled }}
{{- range $ordinal := until (int (index . 2)) }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data-{{ include "spandrel.name" $name }}-{{ $ordinal }}
  labels:
    {{- include "spandrel.labels" $name | nindent 4 }}
  annotations: { helm.sh/resource-policy: keep }
spec:
  accessModes: [ReadWriteOnce]
  {{- with $persistence.storageClass }}
  storageClassName: {{ . }}
  {{- end }}
  resources: { requests: { storage: {{ $persistence.size }} } }
{{- end }}
{{- end }}
{{- end -}}

{{/* The Pod's volume `data` without persistence. Takes its values of `persistence`. */}}
{{- define "spandrel.claimInstead" -}}
{{- if not .enabled }}
- { name: data, emptyDir: {} }
{{- end }}
{{- end -}}

{{/*
The variable GOMEMLIMIT of a program in Go: 80 percent of the container's memory limit, so that it collects garbage before the
kernel kills it. Empty without a limit. Takes the values of `resources`.
*/}}
{{- define "spandrel.goMemoryLimit" -}}
{{- with dig "limits" "memory" "" . | toString -}}
{{- $units := dict "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 -}}
{{- $unit := regexFind "[A-Za-z]+$" . -}}
{{- $bytes := mulf (trimSuffix $unit . | float64) (get $units $unit | default 1) 0.8 | floor | int64 -}}
- { name: GOMEMLIMIT, value: '{{ $bytes }}' }
{{- end -}}
{{- end -}}
