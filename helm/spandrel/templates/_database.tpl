{{/* The host of the database. Takes (list $ outside), where `outside` is whether the client is in another namespace. */}}
{{- define "spandrel.databaseHost" -}}
{{- $root := first . -}}
{{- if not $root.Values.timescaledb.enabled -}}
{{- $root.Values.database.external.host -}}
{{- else -}}
{{- include "spandrel.host" (list $root "database" (last .)) -}}
{{- end -}}
{{- end -}}

{{/*
The variables of libpq with which the login role of Grafana connects, as YAML. Takes (list $ outside). The mode no-verify is
not one of libpq: it is its mode require without a certificate of an authority.
*/}}
{{- define "spandrel.databaseLogin" -}}
{{- $root := first . -}}
{{- $external := $root.Values.database.external -}}
{{- $own := $root.Values.timescaledb.enabled -}}
PGHOST: {{ include "spandrel.databaseHost" . | quote }}
PGPORT: {{ ternary 5432 $external.port $own | toString | quote }}
PGDATABASE: {{ ternary "postgres" $external.name $own | quote }}
PGUSER: {{ ternary "grafana" $external.user $own | quote }}
PGSSLMODE: {{ ternary "disable" $external.sslmode $own | quote }}
{{- end -}}

{{/* The environment of an app that keeps data in the database, with libpq's variables. Takes (list $ app database). */}}
{{- define "spandrel.databaseEnv" -}}
{{- $root := index . 0 -}}
{{- $app := index . 1 -}}
{{- $secret := include "spandrel.databaseSecret" $root -}}
{{- if $root.Values.timescaledb.enabled -}}
- { name: {{ upper $app }}_DATABASE_URL, value: 'postgres://{{ $app }}@{{ include "spandrel.address" (list $root "database" "postgres") }}/{{ index . 2 }}' }
- name: PGPASSWORD
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ $app }}-password } }
{{- else -}}
- name: {{ upper $app }}_DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: {{ $app }}-url } }
# For a URL without the parameter sslmode.
- { name: PGSSLMODE, value: {{ $root.Values.database.external.sslmode }} }
{{- include "spandrel.databaseCaEnv" $root }}
{{- end -}}
{{- end -}}

{{/* The Secret with the certificate of the authority of a component's external instance; empty if there is none. Takes (list $ component). */}}
{{- define "spandrel.caSecret" -}}
{{- $values := (first .).Values -}}
{{- if eq (last .) "database" -}}
{{- if not $values.timescaledb.enabled }}{{ $values.database.external.caSecret }}{{ end -}}
{{- else if eq (last .) "tempo" -}}
{{- if not $values.tempo.enabled }}{{ $values.tempo.external.tls.caSecret }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* Where that certificate is mounted. Takes (list $ component). */}}
{{- define "spandrel.caFile" -}}
/etc/ssl/spandrel/{{ last . }}/ca.crt
{{- end -}}

{{- define "spandrel.databaseCaEnv" -}}
{{- if include "spandrel.caSecret" (list . "database") }}
- { name: PGSSLROOTCERT, value: {{ include "spandrel.caFile" (list . "database") }} }
{{- end }}
{{- end -}}

{{/* The mount of such a certificate, and its volume; empty if there is none. Takes (list $ component). */}}
{{- define "spandrel.caMount" -}}
{{- if include "spandrel.caSecret" . }}
- { name: {{ last . }}-ca, mountPath: {{ include "spandrel.caFile" . | dir }}, readOnly: true }
{{- end }}
{{- end -}}
{{- define "spandrel.caVolume" -}}
{{- with include "spandrel.caSecret" . }}
- name: {{ last $ }}-ca
  secret: { secretName: {{ . }}, items: [{ key: ca.crt, path: ca.crt }] }
{{- end }}
{{- end -}}
