{{/* The Secret with the database's passwords and URLs. */}}
{{- define "spandrel.databaseSecret" -}}
{{- default (include "spandrel.name" (list . "database")) .Values.database.existingSecret -}}
{{- end -}}

{{/* The Secret with the password of Grafana's administrator. */}}
{{- define "spandrel.grafanaSecret" -}}
{{- default (include "spandrel.name" (list . "grafana")) .Values.grafana.existingSecret -}}
{{- end -}}

{{/* The Secret with the console's token. */}}
{{- define "spandrel.consoleSecret" -}}
{{- default (include "spandrel.name" (list . "console")) .Values.console.existingSecret -}}
{{- end -}}

{{/*
What the Job of secrets.yaml writes, as YAML: `generate`, the length of each password by Secret and key, and `compose`, the
data sources of an external Grafana. A template never generates a password: it would be another one at each rendering.
*/}}
{{- define "spandrel.secretsPlan" -}}
generate:
  {{- if and .Values.timescaledb.enabled (not .Values.database.existingSecret) }}
  {{ include "spandrel.databaseSecret" . }}: { backend-password: 24, grafana-password: 24, postgres-password: 24, tracestore-password: 24 }
  {{- end }}
  {{- if and (eq .Values.console.access "token") (not .Values.console.existingSecret) }}
  {{ include "spandrel.consoleSecret" . }}: { console-token: 32 }
  {{- end }}
  {{- if and .Values.grafana.enabled (not .Values.grafana.existingSecret) }}
  {{ include "spandrel.grafanaSecret" . }}: { admin-password: 24 }
  {{- end }}
compose:
  {{- if .Values.grafana.sidecar.enabled }}
  {{ include "spandrel.name" (list . "grafana") }}-datasources:
    {{- range $key, $file := include "spandrel.sidecarSources" . | fromYaml }}
    {{ $key }}: {{ toJson $file }}
    {{- end }}
  {{- end }}
{{- end -}}

{{/* Not empty if the Job has something to write. */}}
{{- define "spandrel.writesSecrets" -}}
{{- $plan := include "spandrel.secretsPlan" . | fromYaml -}}
{{- if or $plan.generate $plan.compose -}}yes{{- end -}}
{{- end -}}

{{/* The names of the Secrets that a document of the plan reads, separated by spaces. Takes any value. */}}
{{- define "spandrel.secretsRead" -}}
{{- if kindIs "map" . -}}
{{- if hasKey . "fromSecret" }} {{ .fromSecret.name }}{{ else }}{{ range . }}{{ include "spandrel.secretsRead" . }}{{ end }}{{ end -}}
{{- else if kindIs "slice" . -}}
{{- range . }}{{ include "spandrel.secretsRead" . }}{{ end -}}
{{- end -}}
{{- end -}}

{{/* The Pod of the Job that writes Secrets. */}}
{{- define "spandrel.secretsPod" -}}
{{- $name := list $ "secrets" -}}
metadata:
  labels:
    {{- include "spandrel.labels" $name | nindent 4 }}
spec:
  {{- include "spandrel.podSpec" (list $ "secrets" 1000) | nindent 2 }}
  restartPolicy: OnFailure
  containers:
    - name: fill-secrets
      image: {{ include "spandrel.image" (list $ "tracestore") }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [/etc/spandrel/fill-secrets.mjs]
      env:
        - { name: KUBERNETES_API_URL, value: https://kubernetes.default.svc }
        - { name: NODE_EXTRA_CA_CERTS, value: /var/run/secrets/spandrel/ca.crt }
        - { name: TOKEN_FILE, value: /var/run/secrets/spandrel/token }
        - { name: PLAN_FILE, value: /etc/spandrel/plan.json }
        - name: NAMESPACE
          valueFrom: { fieldRef: { fieldPath: metadata.namespace } }
      volumeMounts:
        - { name: plan, mountPath: /etc/spandrel, readOnly: true }
        - { name: access, mountPath: /var/run/secrets/spandrel, readOnly: true }
  volumes:
    - name: plan
      configMap: { name: {{ include "spandrel.name" $name }} }
    # A token for ten minutes. The other Pods have none.
    - name: access
      projected:
        sources:
          - serviceAccountToken: { path: token, expirationSeconds: 600 }
          - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
{{- end -}}
