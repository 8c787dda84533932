{{/*
Lays the values that every workload shares over the objects of a component. The templates of a component have only what
is particular to it. Takes (list $ component objects), where objects is the YAML of its objects.
*/}}
{{- define "spandrel.withSettings" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- range regexSplit "(?m)^---$" (index . 2) -1 }}
{{- $text := trim . }}
{{- if regexMatch "(?m)^kind: (Deployment|StatefulSet|Job|Pod)$" $text }}
{{- $object := fromYaml $text }}
{{- if hasKey $object "Error" }}{{ fail (printf "%s: %s" $component $object.Error) }}{{ end }}
{{- include "spandrel.setWorkload" (list $root $component $object) }}
---
{{ toYaml $object }}
{{- else if $text }}
---
{{ $text }}
{{- end }}
{{- end }}
{{- end -}}

{{/*
The values of a component's workload, as YAML: those of `defaults`, overridden by its own. `database` has its values in
`timescaledb`, and an app in `components`. Takes (list $ component).
*/}}
{{- define "spandrel.settings" -}}
{{- $values := (first .).Values -}}
{{- $key := ternary "timescaledb" (last .) (eq (last .) "database") -}}
{{- $own := ternary (get $values $key) (get $values.components $key) (hasKey $values $key) | default dict -}}
{{- mergeOverwrite (deepCopy $values.defaults) (deepCopy $own) | toYaml -}}
{{- end -}}

{{/* Changes a workload according to its settings. Takes (list $ component workload), where the workload is a dict. */}}
{{- define "spandrel.setWorkload" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $workload := index . 2 -}}
{{- $own := include "spandrel.settings" (list $root $component) | fromYaml -}}
{{- with $own.annotations -}}
{{- $_ := set $workload.metadata "annotations" (mergeOverwrite ($workload.metadata.annotations | default dict) .) -}}
{{- end -}}
{{- $template := ternary $workload $workload.spec.template (eq $workload.kind "Pod") -}}
{{- range $field := list "labels" "annotations" -}}
{{- with get $own (printf "pod%s" (title $field)) -}}
{{- $_ := set $template.metadata $field (mergeOverwrite (get $template.metadata $field | default dict) .) -}}
{{- end -}}
{{- end -}}
{{- if has $workload.kind (list "Deployment" "StatefulSet") -}}
{{- with $own.strategy -}}
{{- $_ := set $workload.spec (ternary "strategy" "updateStrategy" (eq $workload.kind "Deployment")) . -}}
{{- end -}}
{{- end -}}
{{- include "spandrel.setPod" (list $root $component $template.spec $own) -}}
{{- /* Jobs are immutable: one whose name ends in a hash of its content needs another name when its settings change. */ -}}
{{- if and (eq $workload.kind "Job") (regexMatch "-[0-9a-f]{8}$" $workload.metadata.name) -}}
{{- $hash := toJson $workload | sha256sum | trunc 8 -}}
{{- $_ := set $workload.metadata "name" (regexReplaceAll "[0-9a-f]{8}$" $workload.metadata.name $hash) -}}
{{- end -}}
{{- end -}}

{{/* Changes a Pod's specification. Takes (list $ component specification settings). */}}
{{- define "spandrel.setPod" -}}
{{- $selector := include "spandrel.selectorLabels" (list (index . 0) (index . 1)) | fromYaml -}}
{{- $pod := index . 2 -}}
{{- $own := index . 3 -}}
{{- range $field := list "nodeSelector" "tolerations" "affinity" "priorityClassName" -}}
{{- with get $own $field -}}{{- $_ := set $pod $field . -}}{{- end -}}
{{- end -}}
{{- if not (kindIs "invalid" $own.terminationGracePeriodSeconds) -}}
{{- $_ := set $pod "terminationGracePeriodSeconds" $own.terminationGracePeriodSeconds -}}
{{- end -}}
{{- $spread := list -}}
{{- range $own.topologySpreadConstraints -}}
{{- $spread = append $spread (ternary . (set (deepCopy .) "labelSelector" (dict "matchLabels" $selector)) (hasKey . "labelSelector")) -}}
{{- end -}}
{{- with $spread -}}{{- $_ := set $pod "topologySpreadConstraints" . -}}{{- end -}}
{{- include "spandrel.setContext" (list $pod $own.podSecurityContext) -}}
{{- include "spandrel.setContainer" (list (index . 1) (first $pod.containers) $own) -}}
{{- with $own.initContainers -}}{{- $_ := set $pod "initContainers" (concat ($pod.initContainers | default list) .) -}}{{- end -}}
{{- with $own.sidecars -}}{{- $_ := set $pod "containers" (concat $pod.containers .) -}}{{- end -}}
{{- range concat ($pod.initContainers | default list) $pod.containers -}}
{{- if $own.containerSecurityContext -}}
{{- $_ := set . "securityContext" (mergeOverwrite (deepCopy $own.containerSecurityContext) (.securityContext | default dict)) -}}
{{- include "spandrel.dropNulls" .securityContext -}}
{{- end -}}
{{- end -}}
{{- with $own.extraVolumes -}}{{- $_ := set $pod "volumes" (concat ($pod.volumes | default list) .) -}}{{- end -}}
{{- end -}}

{{/* Changes the main container of a Pod. Takes (list component container settings). */}}
{{- define "spandrel.setContainer" -}}
{{- $component := index . 0 -}}
{{- $container := index . 1 -}}
{{- $own := index . 2 -}}
{{- with $own.extraArgs -}}
{{- if not $container.args -}}
{{- fail (printf "extraArgs: %s has no arguments to which they could be added" $component) -}}
{{- end -}}
{{- $_ := set $container "args" (concat $container.args .) -}}
{{- end -}}
{{- $env := list -}}
{{- range $container.env -}}
{{- if not (hasKey ($own.env | default dict) .name) -}}{{- $env = append $env . -}}{{- end -}}
{{- end -}}
{{- range $name, $value := $own.env -}}
{{- if kindIs "string" $value -}}
{{- $env = append $env (dict "name" $name "value" $value) -}}
{{- else if $value -}}
{{- $env = append $env (merge (dict "name" $name) $value) -}}
{{- end -}}
{{- end -}}
{{- with $env -}}{{- $_ := set $container "env" . -}}{{- end -}}
{{- with $own.envFrom -}}{{- $_ := set $container "envFrom" (concat ($container.envFrom | default list) .) -}}{{- end -}}
{{- with $own.extraVolumeMounts -}}{{- $_ := set $container "volumeMounts" (concat ($container.volumeMounts | default list) .) -}}{{- end -}}
{{- $_ := set $container "resources" (mergeOverwrite ($container.resources | default dict) ($own.resources | default dict)) -}}
{{- include "spandrel.dropNulls" $container.resources -}}
{{- range $kind := list "startup" "readiness" "liveness" -}}
{{- $field := printf "%sProbe" $kind -}}
{{- $probe := get ($own.probes | default dict) $kind -}}
{{- if not $probe -}}
{{- $_ := unset $container $field -}}
{{- else if or $probe.httpGet $probe.tcpSocket $probe.exec $probe.grpc -}}
{{- $_ := set $container $field $probe -}}
{{- else if hasKey $container $field -}}
{{- $_ := set $container $field (mergeOverwrite (get $container $field) $probe) -}}
{{- end -}}
{{- with get $container $field -}}{{- include "spandrel.dropNulls" . -}}{{- end -}}
{{- end -}}
{{- end -}}

{{/*
Sets the security context of a Pod over the user and group ids of its image. Without one, as OpenShift wants it, the
cluster chooses the ids. Takes (list specification context).
*/}}
{{- define "spandrel.setContext" -}}
{{- $pod := first . -}}
{{- if last . -}}
{{- $_ := set $pod "securityContext" (mergeOverwrite ($pod.securityContext | default dict) (last .)) -}}
{{- include "spandrel.dropNulls" $pod.securityContext -}}
{{- else -}}
{{- $_ := unset $pod "securityContext" -}}
{{- end -}}
{{- end -}}

{{/* Removes the keys of a dict, and of the dicts in it, whose value is null. */}}
{{- define "spandrel.dropNulls" -}}
{{- $dict := . -}}
{{- range $key, $value := . -}}
{{- if kindIs "invalid" $value -}}{{- $_ := unset $dict $key -}}
{{- else if kindIs "map" $value -}}{{- include "spandrel.dropNulls" $value -}}
{{- end -}}
{{- end -}}
{{- end -}}
