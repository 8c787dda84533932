{{/*
The Deployment, Service, autoscaler and disruption budget of one app.
Takes a dict: root; name; env, the YAML of its own environment variables; and where it has them args, annotations (YAML)
and faults (whether it reads the flags of injected faults).
*/}}
{{- define "spandrel.app" -}}
{{- include "spandrel.withSettings" (list .root .name (include "spandrel.appObjects" .)) }}
{{- end -}}

{{- define "spandrel.appObjects" -}}
{{- $root := .root }}
{{- $name := .name }}
{{- $component := include "spandrel.settings" (list $root $name) | fromYaml }}
{{- $scaling := $component.autoscaling }}
{{- /* null: something else sets the replicas, and there can be several. */ -}}
{{- $replicas := ternary 2 $component.replicas (kindIs "invalid" $component.replicas) }}
{{- if $scaling.enabled }}{{ $replicas = $scaling.minReplicas }}{{ end }}
{{- $ca := list $root (ternary "database" "" (hasKey (get (include "spandrel.architecture" $root | fromYaml) $name).connects "database")) }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "spandrel.metadata" (list $root $name) | nindent 2 }}
spec:
  {{- if not (or $scaling.enabled (kindIs "invalid" $component.replicas)) }}
  replicas: {{ $component.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
  selector:
    matchLabels:
      {{- include "spandrel.selectorLabels" (list $root $name) | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "spandrel.labels" (list $root $name) | nindent 8 }}
      annotations:
        kubectl.kubernetes.io/default-container: {{ $name }}
        {{- with .annotations }}
        {{- . | nindent 8 }}
        {{- end }}
    spec:
      {{- include "spandrel.podSpec" (list $root $name 1000) | nindent 6 }}
      terminationGracePeriodSeconds: 45
      # The app must not be process 1: the kernel drops signals to process 1 until it has installed handlers.
      shareProcessNamespace: true
      containers:
        - name: {{ $name }}
          image: {{ include "spandrel.image" (list $root $name) }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          {{- with .args }}
          args: [{{ join ", " . }}]
          {{- end }}
          env:
            - { name: LOG_LEVEL, value: {{ $root.Values.logLevel }} }
            # Longer than kube-proxy and clients take to stop sending requests to this Pod.
            - { name: SHUTDOWN_DELAY_MS, value: '5000' }
            {{- .env | trim | nindent 12 }}
          ports:
            {{- include "spandrel.ports" (list $root $name) | trim | nindent 12 }}
          startupProbe:
            httpGet: { path: /livez, port: http }
          readinessProbe:
            httpGet: { path: /readyz, port: http }
          livenessProbe:
            httpGet: { path: /livez, port: http }
          {{- if or .faults (include "spandrel.caSecret" $ca) }}
          volumeMounts:
            {{- if .faults }}
            - { name: faults, mountPath: /etc/spandrel, readOnly: true }
            {{- end }}
            {{- with include "spandrel.caMount" $ca | trim }}{{ nindent 12 . }}{{ end }}
          {{- end }}
      {{- if or .faults (include "spandrel.caSecret" $ca) }}
      volumes:
        {{- if .faults }}
        - name: faults
          configMap: { name: {{ include "spandrel.name" (list $root "faults") }} }
        {{- end }}
        {{- with include "spandrel.caVolume" $ca | trim }}{{ nindent 8 . }}{{ end }}
      {{- end }}
{{ include "spandrel.service" (list $root $name) }}
{{- if $scaling.enabled }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "spandrel.metadata" (list $root $name) | nindent 2 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ include "spandrel.name" (list $root $name) }} }
  minReplicas: {{ $scaling.minReplicas }}
  maxReplicas: {{ $scaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: { type: Utilization, averageUtilization: {{ $scaling.targetCPUUtilizationPercentage }} }
{{- end }}
{{- include "spandrel.disruptionBudget" (list $root $name $replicas) }}
{{- end -}}
