{{/*
The prefix of every object's name. Kubernetes appends up to 11 characters to the name of a StatefulSet and puts the result
into a label of at most 63, and the longest component adds 11, so the prefix has at most 40. A Service's name begins with a
letter and has no dot. A prefix that had to be changed ends in a hash, so that two releases never share a name.
*/}}
{{- define "spandrel.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $wanted := printf "%s-%s" .Release.Name $name -}}
{{- if .Values.fullnameOverride -}}
{{- $wanted = .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- $wanted = .Release.Name -}}
{{- end -}}
{{- $valid := regexReplaceAll "^[0-9]" $wanted "r${0}" | replace "." "-" -}}
{{- if and (eq $valid $wanted) (le (len $wanted) 40) -}}
{{- $wanted -}}
{{- else -}}
{{- printf "%s-%s" ($valid | trunc 31 | trimSuffix "-") ($wanted | sha256sum | trunc 8) -}}
{{- end -}}
{{- end -}}

{{/* The name of a component's objects. Takes (list $ component). */}}
{{- define "spandrel.name" -}}
{{- printf "%s-%s" (include "spandrel.fullname" (first .)) (last .) -}}
{{- end -}}

{{/* The labels that select a component's Pods. Takes (list $ component). */}}
{{- define "spandrel.selectorLabels" -}}
{{- $root := first . -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride | quote }}
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/component: {{ last . }}
{{- end -}}

{{/* The labels of a component's objects. Takes (list $ component). */}}
{{- define "spandrel.labels" -}}
{{- $root := first . -}}
{{ include "spandrel.selectorLabels" . }}
app.kubernetes.io/part-of: spandrel
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- with $root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
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
secrets: {{ ne (include "spandrel.writesSecrets" .) "" }}
test: true
{{- end -}}

{{/* The host and port of a component's Service. Takes (list $ component port-name). */}}
{{- define "spandrel.address" -}}
{{- $root := index . 0 -}}
{{- $architecture := include "spandrel.architecture" $root | fromYaml -}}
{{- printf "%s:%v" (include "spandrel.name" (list $root (index . 1))) (get (get $architecture (index . 1)).ports (index . 2)) -}}
{{- end -}}

{{/* The host name of a component's Service. Takes (list $ component outside), where `outside` is whether the client is in another namespace. */}}
{{- define "spandrel.host" -}}
{{- include "spandrel.name" (list (index . 0) (index . 1)) }}{{ if index . 2 }}.{{ (index . 0).Release.Namespace }}.svc{{ end -}}
{{- end -}}

{{/* The host names that tracestore's endpoints without authentication accept: its Service's names, those of its entries, and access.allowedHosts. */}}
{{- define "spandrel.tracestoreHosts" -}}
{{- $name := include "spandrel.name" (list . "tracestore") -}}
{{- $inNamespace := printf "%s.%s" $name .Release.Namespace -}}
{{- $service := list $name $inNamespace (printf "%s.svc" $inNamespace) (printf "%s.svc.cluster.local" $inNamespace) -}}
{{- $exposed := list -}}
{{- range include "spandrel.entries" . | fromYaml -}}
{{- if eq .component "tracestore" -}}{{- $exposed = concat $exposed .hosts -}}{{- end -}}
{{- end -}}
{{- join "," (concat $service $exposed .Values.access.allowedHosts | uniq) -}}
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

{{/* The image of one of Spandrel's own apps: `image`, overridden by the app's own values. Takes (list $ app). */}}
{{- define "spandrel.image" -}}
{{- $root := first . -}}
{{- $own := (include "spandrel.settings" . | fromYaml).image | default dict -}}
{{- $repository := default (printf "%s/%s" $root.Values.image.repository (last .)) $own.repository -}}
{{- $tag := coalesce $own.tag $root.Values.image.tag $root.Chart.AppVersion -}}
{{- include "spandrel.reference" (list $root (dict "repository" $repository "tag" $tag "digest" $own.digest)) -}}
{{- end -}}

{{/* The version of an app, for its spans: the tag of its image, without a digest. Takes (list $ app). */}}
{{- define "spandrel.version" -}}
{{- $own := (include "spandrel.settings" . | fromYaml).image | default dict -}}
{{- coalesce $own.tag (first .).Values.image.tag (first .).Chart.AppVersion | regexFind "^[^@]*" -}}
{{- end -}}

{{/*
The reference of an image. `global.imageRegistry` replaces its registry, which is a first part that has a dot or a colon.
Takes (list $ image), where image has repository, tag and perhaps digest.
*/}}
{{- define "spandrel.reference" -}}
{{- $image := last . -}}
{{- $repository := $image.repository -}}
{{- with (first .).Values.global.imageRegistry -}}
{{- $repository = printf "%s/%s" . (regexReplaceAll "^(localhost|[^/]*[.:][^/]*)/" $repository "") -}}
{{- end -}}
{{- printf "%s:%s" $repository $image.tag -}}{{ with $image.digest }}@{{ . }}{{ end -}}
{{- end -}}

{{/* Not empty if the release uses an external instance of a component. Takes (list $ component). */}}
{{- define "spandrel.isElsewhere" -}}
{{- $values := (first .).Values -}}
{{- if eq (last .) "database" -}}yes
{{- else if eq (last .) "collector" -}}{{ $values.collector.external.endpoint }}
{{- else if eq (last .) "tempo" -}}{{ $values.tempo.external.otlpEndpoint }}{{ $values.tempo.external.url }}
{{- end -}}
{{- end -}}
