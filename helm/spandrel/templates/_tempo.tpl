{{/*
The headers that an external Tempo needs, as a YAML list under `headers`: `name`, the variable `env` that has its value, and
either `value` or `secret` (a secretKeyRef).
*/}}
{{- define "spandrel.tempoHeaders" -}}
{{- $headers := list -}}
{{- if not .Values.tempo.enabled -}}
{{- $external := .Values.tempo.external -}}
{{- $wanted := deepCopy $external.headers -}}
{{- with $external.tenant }}{{ $_ := set $wanted "X-Scope-OrgID" . }}{{ end -}}
{{- range $index, $name := keys $wanted | sortAlpha -}}
{{- $value := get $wanted $name -}}
{{- $header := dict "name" $name "env" (printf "TEMPO_HEADER_%d" (add1 $index)) -}}
{{- if kindIs "string" $value }}{{ $_ := set $header "value" $value }}{{ else }}{{ $_ := set $header "secret" $value.secretKeyRef }}{{ end -}}
{{- $headers = append $headers $header -}}
{{- end -}}
{{- end -}}
{{- dict "headers" $headers | toYaml -}}
{{- end -}}

{{/* The environment variables of these headers. */}}
{{- define "spandrel.tempoHeaderEnv" -}}
{{- range (include "spandrel.tempoHeaders" . | fromYaml).headers }}
{{- if hasKey . "value" }}
- { name: {{ .env }}, value: {{ replace "$(" "$$(" .value | quote }} }
{{- else }}
- name: {{ .env }}
  valueFrom: { secretKeyRef: { name: {{ .secret.name }}, key: {{ .secret.key }} } }
{{- end }}
{{- end }}
{{- end -}}

{{/* What the exporter to an external Tempo has besides files/collector/tempo.yaml; empty if there is nothing. */}}
{{- define "spandrel.tempoExporter" -}}
{{- if and (not .Values.tempo.enabled) .Values.tempo.external.otlpEndpoint -}}
{{- $exporter := dict -}}
{{- $tls := .Values.tempo.external.tls -}}
{{- if $tls.enabled -}}
{{- $settings := dict "insecure" false "insecure_skip_verify" $tls.insecureSkipVerify -}}
{{- if $tls.caSecret }}{{ $_ := set $settings "ca_file" (include "spandrel.caFile" (list . "tempo")) }}{{ end -}}
{{- $_ := set $exporter "tls" $settings -}}
{{- end -}}
{{- $headers := dict -}}
{{- range (include "spandrel.tempoHeaders" . | fromYaml).headers }}{{ $_ := set $headers .name (printf "${env:%s}" .env) }}{{ end -}}
{{- with $headers }}{{ $_ := set $exporter "headers" . }}{{ end -}}
{{- with $exporter }}{{ dict "exporters" (dict "otlp_grpc/tempo" .) | toYaml }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* The configuration of Tempo: files/tempo.yaml with tempo.retention, and tempo.config merged over it. */}}
{{- define "spandrel.tempoConfig" -}}
{{- $retention := dict "block_retention" .Values.tempo.retention -}}
{{- $scheduler := dict "provider" (dict "compaction" (dict "compaction" $retention)) -}}
{{- $own := dict "backend_scheduler" $scheduler "backend_worker" (dict "compaction" $retention) -}}
{{- mergeOverwrite (.Files.Get "files/tempo.yaml" | fromYaml) $own (deepCopy .Values.tempo.config) | toYaml -}}
{{- end -}}
