{{- /* The settings file of `bindery run`, made of the values. */ -}}

{{- define "bindery.settings" -}}
{{- $git := .Values.source.git -}}
{{- $all := omit .Values.settings "interval" "pollInterval" "databasesInterval" "tracesUrl" -}}
{{- $_ := set $all "policy" "/etc/bindery/policy/policy.yaml" -}}
{{- if $git.url -}}
{{- $_ := set $all "source" $git.url -}}
{{- with $git.ref }}{{ $_ := set $all "ref" . }}{{ end -}}
{{- with $git.paths }}{{ $_ := set $all "path" . }}{{ end -}}
{{- if $git.tokenSecret.name }}{{ $_ := set $all "gitTokenFile" "/etc/bindery/git/token" }}{{ end -}}
{{- if $git.entra }}{{ $_ := set $all "gitEntra" true }}{{ end -}}
{{- if $git.caConfigMap.name }}{{ $_ := set $all "gitCaFile" "/etc/bindery/git-ca/ca.crt" }}{{ end -}}
{{- if include "bindery.isSsh" . -}}
{{- $_ := set $all "sshKey" "/etc/bindery/git/identity" -}}
{{- $_ := set $all "sshKnownHosts" "/etc/bindery/git/known_hosts" -}}
{{- end -}}
{{- if $git.allowedSigners }}{{ $_ := set $all "verifyCommits" "/etc/bindery/settings/allowed_signers" }}{{ end -}}
{{- else -}}
{{- /* The folder that the kubelet's links lead to, and exchanges as a whole: the policy's folders are relative to where files really lie. */ -}}
{{- $_ := set $all "paths" (list "/srv/bindery/manifests/..data") -}}
{{- end -}}
{{- if include "bindery.hasState" . }}{{ $_ := set $all "stateDir" "/var/lib/bindery" }}{{ end -}}
{{- with .Values.settings.tracesUrl }}{{ $_ := set $all "tracesUrl" . }}{{ end -}}
{{- if eq .Values.mode "job" -}}
{{- $_ := set $all "once" true -}}
{{- else -}}
{{- range $key := list "interval" "pollInterval" "databasesInterval" -}}
{{- with get $.Values.settings $key }}{{ $_ := set $all $key . }}{{ end -}}
{{- end -}}
{{- $_ := set $all "probesAddress" "0.0.0.0:8080" -}}
{{- if .Values.webhook.enabled -}}
{{- $_ := set $all "webhookAddress" "0.0.0.0:8081" -}}
{{- $_ := set $all "webhookSecretFile" "/etc/bindery/webhook/secret" -}}
{{- end -}}
{{- if .Values.api.enabled -}}
{{- $_ := set $all "apiAddress" "0.0.0.0:8082" -}}
{{- $_ := set $all "apiTokenFile" "/etc/bindery/api/token" -}}
{{- end -}}
{{- end -}}
{{- toYaml $all -}}
{{- end -}}

{{- /* What a running Bindery does not take over from its policy (PolicyNeedsRestart); the rest it reads again by itself. */ -}}
{{- define "bindery.fixedPolicy" -}}
{{- pick .Values.policy.spec "owner" "tenantId" "lease" | toJson -}}
{{- end -}}
