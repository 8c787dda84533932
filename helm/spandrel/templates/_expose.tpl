{{/*
The entries for clients outside of the release, as YAML: each with component, port and its values of `expose`. Only those
whose component runs in the release.
*/}}
{{- define "spandrel.entries" -}}
{{- $runs := include "spandrel.runs" . | fromYaml -}}
{{- $entries := dict -}}
{{- range $name, $entry := .Files.Get "files/entries.yaml" | fromYaml -}}
{{- if and (eq $entry.component "collector") (not $.Values.collector.enabled) -}}
{{- $_ := set $entry "component" "tracestore" -}}
{{- end -}}
{{- $own := mergeOverwrite (deepCopy $.Values.expose.defaults) (get $.Values.expose $name | default dict) -}}
{{- if get $runs $entry.component -}}
{{- $_ := set $entries $name (merge $entry $own) -}}
{{- end -}}
{{- end -}}
{{- toYaml $entries -}}
{{- end -}}

{{/* The URL of an entry for clients outside of the release; empty if it has none. Takes (list $ entry). */}}
{{- define "spandrel.externalUrl" -}}
{{- $entry := get (include "spandrel.entries" (first .) | fromYaml) (last .) | default dict -}}
{{- with $entry.hosts -}}
{{- if $entry.ingress.enabled -}}
{{- printf "%s://%s%s" (ternary "https" "http" (not (empty $entry.ingress.tlsSecret))) (first .) (trimSuffix "/" $entry.ingress.path) -}}
{{- else if $entry.route.enabled -}}
{{- printf "https://%s" (first .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
