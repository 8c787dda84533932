{{/*
The Deployment, Service, autoscaler and disruption budget of one app.
Takes a dict: root; name; env, the YAML of its own environment variables; and where it has them args, annotations (YAML)
and faults (whether it reads the flags of injected faults).
*/}}
{{- define "spandrel.app" -}}
{{- $root := .root }}
{{- $name := .name }}
{{- $own := get $root.Values.components $name | default dict }}
{{- $component := mergeOverwrite (deepCopy $root.Values.defaults) $own }}
{{- $ca := list $root (ternary "database" "" (hasKey (get (include "spandrel.architecture" $root | fromYaml) $name).connects "database")) }}
{{- $replicas := ternary $component.autoscaling.minReplicas $component.replicas $component.autoscaling.enabled }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "spandrel.metadata" (list $root $name) | nindent 2 }}
spec:
  {{- if not $component.autoscaling.enabled }}
  replicas: {{ $component.replicas }}
  {{- end }}
  revisionHistoryLimit: 3
  strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
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
        {{- with $component.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      {{- include "spandrel.podSpec" (list $root $name 1000) | nindent 6 }}
      {{- include "spandrel.spread" (list $root $name) | nindent 6 }}
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
            {{- range $variable, $value := $component.env }}
            - { name: {{ $variable }}, value: {{ $value | quote }} }
            {{- end }}
          ports:
            {{- include "spandrel.ports" (list $root $name) | trim | nindent 12 }}
          startupProbe:
            httpGet: { path: /livez, port: http }
            periodSeconds: 1
            failureThreshold: 120
          readinessProbe:
            httpGet: { path: /readyz, port: http }
            periodSeconds: 5
            timeoutSeconds: 5
            failureThreshold: 2
          livenessProbe:
            httpGet: { path: /livez, port: http }
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          resources:
            {{- toYaml $component.resources | nindent 12 }}
          securityContext:
            {{- include "spandrel.securityContext" $component.readOnlyRootFilesystem | nindent 12 }}
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
      {{- with $component.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $component.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{ include "spandrel.service" (list $root $name) }}
{{- if $component.autoscaling.enabled }}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  {{- include "spandrel.metadata" (list $root $name) | nindent 2 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ include "spandrel.name" (list $root $name) }} }
  minReplicas: {{ $component.autoscaling.minReplicas }}
  maxReplicas: {{ $component.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: { type: Utilization, averageUtilization: {{ $component.autoscaling.targetCPUUtilizationPercentage }} }
{{- end }}
{{- include "spandrel.disruptionBudget" (list $root $name $replicas) }}
{{- end -}}
