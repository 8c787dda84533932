{{/* The stores that Grafana has data sources for, separated by spaces. */}}
{{- define "spandrel.grafanaStores" -}}
sql jaeger tempo-api{{ if include "spandrel.tempoUrl" . }} tempo{{ end }}
{{- end -}}

{{/*
Identifies this release among those that one Grafana shows: 8 characters. Grafana allows 40 characters in a uid, so the names
of the namespace and the release do not fit.
*/}}
{{- define "spandrel.grafanaId" -}}
{{- printf "%s/%s" .Release.Namespace (include "spandrel.fullname" .) | sha256sum | trunc 8 -}}
{{- end -}}

{{/* The variables in the files of the data sources, besides secrets, as YAML. Takes (list $ outside), as databaseHost. */}}
{{- define "spandrel.grafanaVariables" -}}
{{- $root := first . -}}
{{- $login := include "spandrel.databaseLogin" . | fromYaml -}}
DATABASE_HOST: {{ $login.PGHOST | quote }}
DATABASE_PORT: {{ $login.PGPORT | quote }}
DATABASE_NAME: {{ $login.PGDATABASE | quote }}
DATABASE_USER: {{ $login.PGUSER | quote }}
# Grafana does not know no-verify. Its mode require does not verify either.
DATABASE_SSLMODE: {{ $login.PGSSLMODE | replace "no-verify" "require" | quote }}
SQL_DATASOURCE_TYPE: {{ $root.Values.grafana.sqlDatasourceType }}
TRACESTORE_URL: http://{{ include "spandrel.host" (list $root "tracestore" (last .)) }}:8080
TRACESTORE_TEMPO_URL: http://{{ include "spandrel.host" (list $root "tracestore" (last .)) }}:3200
{{- $tempo := printf "http://%s:3200" (include "spandrel.host" (list $root "tempo" (last .))) }}
TEMPO_URL: {{ ternary $tempo $root.Values.tempo.external.url $root.Values.tempo.enabled | quote }}
{{- end -}}

{{/* The provisioning file of one data source for the Grafana of this release, which reads secrets from its environment. Takes (list $ store). */}}
{{- define "spandrel.dataSource" -}}
{{- $root := first . -}}
{{- $file := $root.Files.Get (printf "files/grafana/datasources/%s.yaml" (last .)) | fromYaml -}}
{{- $source := first $file.datasources -}}
{{- if and (eq (last .) "sql") (include "spandrel.caSecret" (list $root "database")) -}}
{{- $_ := set $source.jsonData "tlsConfigurationMethod" "file-path" -}}
{{- $_ := set $source.jsonData "sslRootCertFile" (include "spandrel.caFile" (list $root "database")) -}}
{{- end -}}
{{- if and (has (last .) (list "jaeger" "tempo-api")) (ne $root.Values.console.access "token") -}}
{{- $_ := unset $source "secureJsonData" -}}
{{- $_ := unset $source.jsonData "httpHeaderName1" -}}
{{- end -}}
{{- if eq (last .) "tempo" -}}
{{- $secure := dict -}}
{{- range $index, $header := (include "spandrel.tempoHeaders" $root | fromYaml).headers -}}
{{- $_ := set $source.jsonData (printf "httpHeaderName%d" (add1 $index)) $header.name -}}
{{- $_ := set $secure (printf "httpHeaderValue%d" (add1 $index)) (printf "$%s" $header.env) -}}
{{- end -}}
{{- if include "spandrel.caSecret" (list $root "tempo") -}}
{{- $_ := set $source.jsonData "tlsAuthWithCACert" true -}}
{{- $_ := set $secure "tlsCACert" (printf "$__file{%s}" (include "spandrel.caFile" (list $root "tempo"))) -}}
{{- end -}}
{{- if and (not $root.Values.tempo.enabled) $root.Values.tempo.external.tls.insecureSkipVerify }}{{ $_ := set $source.jsonData "tlsSkipVerify" true }}{{ end -}}
{{- with $secure }}{{ $_ := set $source "secureJsonData" . }}{{ end -}}
{{- end -}}
{{- toYaml $file -}}
{{- end -}}

{{/*
The data sources for a Grafana outside of the release, by the name of their file. They have names and uids of this release,
none is the default, and `fromSecret` stands for a value that the Job of secrets.yaml reads.
*/}}
{{- define "spandrel.sidecarSources" -}}
{{- $root := . -}}
{{- $id := include "spandrel.grafanaId" . -}}
{{- $secret := dict
  "$DATABASE_PASSWORD" (dict "fromSecret" (dict "name" (include "spandrel.databaseSecret" .) "key" "grafana-password"))
  "Bearer $TRACESTORE_TOKEN" (dict "prefix" "Bearer " "fromSecret" (dict "name" (include "spandrel.consoleSecret" .) "key" "console-token"))
-}}
{{- range (include "spandrel.tempoHeaders" . | fromYaml).headers -}}
{{- $value := get . "value" -}}
{{- if .secret }}{{ $value = dict "fromSecret" .secret }}{{ else }}{{ $value = replace "$" "$$" $value }}{{ end -}}
{{- $_ := set $secret (printf "$%s" .env) $value -}}
{{- end -}}
{{- range tuple "database" "tempo" -}}
{{- with include "spandrel.caSecret" (list $root .) -}}
{{- $_ := set $secret (printf "ca of %s" .) (dict "fromSecret" (dict "name" . "key" "ca.crt")) -}}
{{- end -}}
{{- end -}}
{{- range $store := include "spandrel.grafanaStores" . | splitList " " -}}
{{- $json := include "spandrel.dataSource" (list $root $store) | fromYaml | toJson -}}
{{- range $variable, $value := include "spandrel.grafanaVariables" (list $root true) | fromYaml -}}
{{- $json = replace (printf "$%s" $variable) (toJson $value | trimPrefix "\"" | trimSuffix "\"") $json -}}
{{- end -}}
{{- $file := fromJson $json -}}
{{- $source := first $file.datasources -}}
{{- $_ := unset $source "isDefault" -}}
{{- $_ := set $source "name" (printf "Spandrel %s (%s/%s)" $source.name $root.Release.Namespace (include "spandrel.fullname" $root)) -}}
{{- $_ := set $source "uid" (printf "%s-%s" $source.uid $id) -}}
{{- $secure := dict -}}
{{- range $key, $value := $source.secureJsonData | default dict -}}
{{- if ne $key "tlsCACert" }}{{ $_ := set $secure $key (get $secret $value) }}{{ end -}}
{{- end -}}
{{- $component := ternary "database" $store (eq $store "sql") -}}
{{- with include "spandrel.caSecret" (list $root $component) -}}
{{- $_ := set $secure "tlsCACert" (get $secret (printf "ca of %s" .)) -}}
{{- end -}}
{{- if hasKey $source.jsonData "sslRootCertFile" -}}
{{- $_ := unset $source.jsonData "sslRootCertFile" -}}
{{- $_ := set $source.jsonData "tlsConfigurationMethod" "file-content" -}}
{{- end -}}
{{- with $secure }}{{ $_ := set $source "secureJsonData" . }}{{ end }}
spandrel-{{ $store }}.yaml: {{ toJson $file }}
{{- end -}}
{{- end -}}

{{/*
The dashboards as entries of a ConfigMap. Takes (list $ sidecar). For the sidecar, uids, links and tags are those of this
release, as its data sources are.
*/}}
{{- define "spandrel.dashboards" -}}
{{- $root := first . -}}
{{- $id := include "spandrel.grafanaId" $root -}}
{{- $hasTempo := ne (include "spandrel.tempoUrl" $root) "" -}}
{{- $uids := list "spandrel-sql" "spandrel-jaeger" "spandrel-tempo" "spandrel-tempo-api" -}}
{{- range $path, $_ := $root.Files.Glob "dashboards/*.json" }}{{ $uids = append $uids ($root.Files.Get $path | fromJson).uid }}{{ end -}}
{{- range $path, $_ := $root.Files.Glob "dashboards/*.json" }}
{{ base $path }}: |
  {{- $file := $root.Files.Get $path }}
  {{- if not $hasTempo }}
  {{- $file = regexReplaceAll ",\\s*\\{\\s*\"title\": \"Trace in Tempo\",\\s*\"url\": \"[^\"]*\",\\s*\"targetBlank\": true\\s*\\}" $file "" }}
  {{- end }}
  {{- if last $ }}
  {{- $file = regexReplaceAll (printf "(\"uid\": \"|/d/|%%22)(%s)(\"|/|%%22)" (join "|" $uids)) $file (printf "${1}${2}-%s${3}" $id) }}
  {{- $file = regexReplaceAll "\"(spandrel|spandrel-list)\"" $file (printf "\"${1}-%s\"" $id) }}
  {{- end }}
  {{- $file | nindent 2 }}
{{- end }}
{{- end -}}

{{/* The configuration files of the Grafana of this release, as entries of a ConfigMap. */}}
{{- define "spandrel.grafanaConfig" -}}
{{- $root := . -}}
dashboards.yaml: |
  {{- .Files.Get "files/grafana/dashboards.yaml" | nindent 2 }}
{{- range include "spandrel.grafanaStores" . | splitList " " }}
{{ . }}.yaml: |
  {{- include "spandrel.dataSource" (list $root .) | nindent 2 }}
{{- end }}
{{- end -}}
