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

{{/* The volume claim `data` of a StatefulSet. Takes its values of `persistence`. */}}
{{- define "spandrel.claim" -}}
{{- if .enabled }}
persistentVolumeClaimRetentionPolicy: { whenDeleted: {{ ternary "Retain" "Delete" .keep }}, whenScaled: Retain }
volumeClaimTemplates:
  - metadata: { name: data }
    spec:
      accessModes: [ReadWriteOnce]
      {{- with .storageClass }}
      storageClassName: {{ . }}
      {{- end }}
      resources: { requests: { storage: {{ .size }} } }
{{- end }}
{{- end -}}

{{/* The Pod's volume `data` without persistence. Takes its values of `persistence`. */}}
{{- define "spandrel.claimInstead" -}}
{{- if not .enabled }}
- { name: data, emptyDir: {} }
{{- end }}
{{- end -}}
