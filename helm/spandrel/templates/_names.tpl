{{/* The prefix of every object's name. */}}
{{- define "spandrel.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The name of a component's objects. Takes (list $ component). */}}
{{- define "spandrel.name" -}}
{{- printf "%s-%s" (include "spandrel.fullname" (first .)) (last .) -}}
{{- end -}}

{{/* The labels that select a component's Pods. Takes (list $ component). */}}
{{- define "spandrel.selectorLabels" -}}
{{- $root := first . -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ last . }}
{{- end -}}

{{/* The labels of a component's objects. Takes (list $ component). */}}
{{- define "spandrel.labels" -}}
{{- $root := first . -}}
{{ include "spandrel.selectorLabels" . }}
app.kubernetes.io/part-of: spandrel
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The name and labels of a component's object. Takes (list $ component). */}}
{{- define "spandrel.metadata" -}}
name: {{ include "spandrel.name" . }}
labels:
  {{- include "spandrel.labels" . | nindent 2 }}
{{- end -}}

{{/* The ports and connections of all components, as YAML. */}}
{{- define "spandrel.architecture" -}}
{{ .Files.Get "files/services.yaml" }}
{{ .Files.Get "files/architecture.yaml" }}
{{- end -}}

{{/* Whether each component runs in this release, as YAML. */}}
{{- define "spandrel.runs" -}}
{{- range $name, $_ := .Files.Get "files/services.yaml" | fromYaml }}
{{ $name }}: true
{{- end }}
tracestore: true
collector: {{ .Values.collector.enabled }}
tempo: {{ .Values.tempo.enabled }}
database: {{ .Values.timescaledb.enabled }}
jaeger: {{ .Values.jaeger.enabled }}
grafana: {{ .Values.grafana.enabled }}
migrate: true
load: true
test: true
{{- end -}}

{{/* The host and port of a component's Service. Takes (list $ component port-name). */}}
{{- define "spandrel.address" -}}
{{- $root := index . 0 -}}
{{- $architecture := include "spandrel.architecture" $root | fromYaml -}}
{{- printf "%s:%v" (include "spandrel.name" (list $root (index . 1))) (get (get $architecture (index . 1)).ports (index . 2)) -}}
{{- end -}}

{{/* The host names that tracestore's endpoints without authentication accept: its Service's names and access.allowedHosts. */}}
{{- define "spandrel.tracestoreHosts" -}}
{{- $name := include "spandrel.name" (list . "tracestore") -}}
{{- $inNamespace := printf "%s.%s" $name .Release.Namespace -}}
{{- $service := list $name $inNamespace (printf "%s.svc" $inNamespace) (printf "%s.svc.cluster.local" $inNamespace) -}}
{{- join "," (concat $service .Values.access.allowedHosts) -}}
{{- end -}}

{{/* The OTLP/HTTP endpoint that the services export to. */}}
{{- define "spandrel.otlpEndpoint" -}}
{{- if .Values.collector.enabled -}}
http://{{ include "spandrel.address" (list . "collector" "otlp-http") }}
{{- else if .Values.collector.external.endpoint -}}
{{ .Values.collector.external.endpoint }}
{{- else -}}
http://{{ include "spandrel.address" (list . "tracestore" "otlp-http") }}
{{- end -}}
{{- end -}}

{{/* The OTLP/gRPC address of Tempo; empty without Tempo. */}}
{{- define "spandrel.tempoOtlp" -}}
{{- if .Values.tempo.enabled -}}
{{ include "spandrel.address" (list . "tempo" "otlp-grpc") }}
{{- else -}}
{{ .Values.tempo.external.otlpEndpoint }}
{{- end -}}
{{- end -}}

{{/* The query URL of Tempo; empty without Tempo. */}}
{{- define "spandrel.tempoUrl" -}}
{{- if .Values.tempo.enabled -}}
http://{{ include "spandrel.address" (list . "tempo" "http") }}
{{- else -}}
{{ .Values.tempo.external.url }}
{{- end -}}
{{- end -}}

{{/* The Secret with the database's passwords and URLs. */}}
{{- define "spandrel.databaseSecret" -}}
{{- default (include "spandrel.name" (list . "database")) .Values.database.existingSecret -}}
{{- end -}}

{{/*
The password of a database role: that of the existing Secret, or a generated one that all templates share. It is empty if
database.existingSecret is set and cannot be read. Takes (list $ role).
*/}}
{{- define "spandrel.databasePassword" -}}
{{- $database := (first .).Values.database -}}
{{- $key := printf "%s-password" (last .) -}}
{{- if not (hasKey $database $key) -}}
{{- $kept := (lookup "v1" "Secret" (first .).Release.Namespace (include "spandrel.databaseSecret" (first .))).data | default dict -}}
{{- $made := ternary (randAlphaNum 24) "" (empty $database.existingSecret) -}}
{{- $_ := set $database $key (ternary (get $kept $key | b64dec) $made (hasKey $kept $key)) -}}
{{- end -}}
{{- get $database $key -}}
{{- end -}}

{{/* The Secret with the password of Grafana's administrator. */}}
{{- define "spandrel.grafanaSecret" -}}
{{- default (include "spandrel.name" (list . "grafana")) .Values.grafana.existingSecret -}}
{{- end -}}

{{/* The Secret with the console's token. */}}
{{- define "spandrel.consoleSecret" -}}
{{- default (include "spandrel.name" (list . "console")) .Values.console.existingSecret -}}
{{- end -}}

{{/* The console's token: that of the existing Secret, or a generated one that all templates share. */}}
{{- define "spandrel.consoleToken" -}}
{{- if not (hasKey .Values.console "token") -}}
{{- $kept := (lookup "v1" "Secret" .Release.Namespace (include "spandrel.consoleSecret" .)).data | default dict -}}
{{- $_ := set .Values.console "token" (ternary (get $kept "console-token" | b64dec) (randAlphaNum 32) (hasKey $kept "console-token")) -}}
{{- end -}}
{{- .Values.console.token -}}
{{- end -}}

{{/* The image of one of Spandrel's own apps. Takes (list $ app). */}}
{{- define "spandrel.image" -}}
{{- $image := (first .).Values.image -}}
{{- printf "%s/%s:%s" $image.repository (last .) (default (first .).Chart.AppVersion $image.tag) -}}
{{- end -}}

{{/* Not empty if the release uses an external instance of a component. Takes (list $ component). */}}
{{- define "spandrel.isElsewhere" -}}
{{- $values := (first .).Values -}}
{{- if eq (last .) "database" -}}yes
{{- else if eq (last .) "collector" -}}{{ $values.collector.external.endpoint }}
{{- else if eq (last .) "tempo" -}}{{ $values.tempo.external.otlpEndpoint }}{{ $values.tempo.external.url }}
{{- end -}}
{{- end -}}
