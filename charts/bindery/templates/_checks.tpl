{{- /* What several values together must not say. Each mistake is a line, and all are told at once. */ -}}

{{- define "bindery.checks" -}}
{{- $mistakes := concat
  (include "bindery.checks.source" . | fromJsonArray)
  (include "bindery.checks.policy" . | fromJsonArray)
  (include "bindery.checks.identity" . | fromJsonArray)
  (include "bindery.checks.mode" . | fromJsonArray)
-}}
{{- if $mistakes }}{{ printf "\n  - %s\n" (join "\n  - " $mistakes) | fail }}{{ end -}}
{{- end -}}

{{- define "bindery.checks.source" -}}
{{- $m := list -}}
{{- $git := .Values.source.git -}}
{{- $manifests := .Values.source.manifests -}}
{{- $given := list -}}
{{- if $git.url }}{{ $given = append $given "source.git.url" }}{{ end -}}
{{- if $manifests.files }}{{ $given = append $given "source.manifests.files" }}{{ end -}}
{{- if $manifests.existingConfigMap }}{{ $given = append $given "source.manifests.existingConfigMap" }}{{ end -}}
{{- if not $given }}{{ $m = append $m "There is no source: set source.git.url or source.manifests." }}{{ end -}}
{{- if gt (len $given) 1 }}{{ $m = append $m (printf "There is one source: keep one of %s." (join ", " $given)) }}{{ end -}}
{{- $https := dict "user" $git.user "tokenSecret.name" $git.tokenSecret.name "entra" $git.entra "caConfigMap.name" $git.caConfigMap.name -}}
{{- $ssh := dict "ssh.secret" $git.ssh.secret -}}
{{- $any := dict "ref" $git.ref "paths" $git.paths "allowedSigners" $git.allowedSigners -}}
{{- $astray := dict -}}
{{- $why := "is for a repository, and source.git.url names none." -}}
{{- if not $git.url }}{{ $astray = merge $astray $https $ssh $any -}}
{{- else if include "bindery.isSsh" . }}{{ $astray = $https }}{{ $why = "is not for git+ssh://: leave it out." -}}
{{- else }}{{ $astray = $ssh }}{{ $why = "is not for git+https://: leave it out." }}{{ end -}}
{{- range $key, $value := $astray -}}
{{- if $value }}{{ $m = append $m (printf "source.git.%s %s" $key $why) }}{{ end -}}
{{- end -}}
{{- if and (include "bindery.isSsh" .) (not $git.ssh.secret) }}{{ $m = append $m "git+ssh:// needs source.git.ssh.secret: a private key and the host's keys." }}{{ end -}}
{{- if and $git.entra $git.tokenSecret.name }}{{ $m = append $m "There are source.git.entra and source.git.tokenSecret.name: keep one." }}{{ end -}}
{{- if and $git.user (not $git.tokenSecret.name) }}{{ $m = append $m "source.git.user stands beside a token: set source.git.tokenSecret.name." }}{{ end -}}
{{- if and $git.entra $git.url (not (regexMatch "^(dev\\.azure\\.com|[^/]+\\.visualstudio\\.com)(:[0-9]+)?$" (urlParse $git.url).host)) }}{{ $m = append $m "source.git.entra is for Azure DevOps only: a token for it would go to somebody else." }}{{ end -}}
{{- toJson $m -}}
{{- end -}}

{{- define "bindery.checks.policy" -}}
{{- $m := list -}}
{{- $policy := .Values.policy -}}
{{- if and $policy.spec $policy.existingConfigMap.name }}{{ $m = append $m "There is one policy: keep policy.spec or policy.existingConfigMap.name." }}{{ end -}}
{{- if not (or $policy.spec $policy.existingConfigMap.name) }}{{ $m = append $m "There is no policy: set policy.spec, or policy.existingConfigMap.name." }}{{ end -}}
{{- if and $policy.existingConfigMap.hasLease (not $policy.existingConfigMap.name) }}{{ $m = append $m "policy.existingConfigMap.hasLease is for a policy of yours: in policy.spec write lease." }}{{ end -}}
{{- if and (gt (int .Values.replicas) 1) (not (include "bindery.hasLease" .)) }}{{ $m = append $m "Two replicas need a lease, or both would write: set policy.spec.lease (or policy.existingConfigMap.hasLease), or replicas: 1." }}{{ end -}}
{{- $state := .Values.state.persistence -}}
{{- if and $state.enabled (include "bindery.hasLease" .) }}{{ $m = append $m "state.persistence has no effect with a lease, whose blob keeps the revision: leave it out." }}{{ end -}}
{{- if and $state.enabled (not .Values.source.git.url) }}{{ $m = append $m "state.persistence has no effect without a repository, of which alone an earlier revision can be fetched: leave it out." }}{{ end -}}
{{- if and $state.existingClaim (not $state.enabled) }}{{ $m = append $m "state.persistence.existingClaim has no effect without state.persistence.enabled." }}{{ end -}}
{{- toJson $m -}}
{{- end -}}

{{- define "bindery.checks.identity" -}}
{{- $m := list -}}
{{- $identity := .Values.identity -}}
{{- if and (eq $identity.kind "workload") .Values.serviceAccount.create (not $identity.clientId) }}{{ $m = append $m "Workload identity needs identity.clientId." }}{{ end -}}
{{- if and (eq $identity.kind "workload") (not .Values.serviceAccount.create) (or $identity.clientId $identity.tenantId) }}{{ $m = append $m "identity.clientId and identity.tenantId stand on the service account, which the chart does not make: leave them out." }}{{ end -}}
{{- if and (eq $identity.kind "managed") $identity.tenantId }}{{ $m = append $m "identity.tenantId is not for a managed identity: leave it out." }}{{ end -}}
{{- if eq $identity.kind "clientSecret" -}}
{{- if not $identity.clientId }}{{ $m = append $m "A client secret needs identity.clientId." }}{{ end -}}
{{- if not $identity.secret.name }}{{ $m = append $m "A client secret needs identity.secret.name." }}{{ end -}}
{{- if not (include "bindery.tenantId" .) }}{{ $m = append $m "A client secret needs identity.tenantId." }}{{ end -}}
{{- else if $identity.secret.name }}{{ $m = append $m (printf "identity.secret.name is not for identity.kind %s: leave it out." $identity.kind) }}{{ end -}}
{{- if and (not .Values.serviceAccount.create) (not .Values.serviceAccount.name) }}{{ $m = append $m "serviceAccount.name is needed if the chart does not make the service account." }}{{ end -}}
{{- toJson $m -}}
{{- end -}}

{{- define "bindery.checks.mode" -}}
{{- $m := list -}}
{{- $forDaemon := dict
  "webhook.enabled" .Values.webhook.enabled
  "api.enabled" .Values.api.enabled
  "serviceMonitor.enabled" .Values.serviceMonitor.enabled
  "prometheusRule.enabled" .Values.prometheusRule.enabled
  "grafanaDashboard.enabled" .Values.grafanaDashboard.enabled
  "replicas above 1" (gt (int .Values.replicas) 1)
-}}
{{- if eq .Values.mode "job" -}}
{{- range $key, $on := $forDaemon -}}
{{- if $on }}{{ $m = append $m (printf "%s is for mode daemon: a job listens nowhere, and runs alone." $key) }}{{ end -}}
{{- end -}}
{{- $least := include "bindery.seconds" .Values.settings.passDeadline | int -}}
{{- if le (int .Values.job.deadlineInSeconds) $least }}{{ $m = append $m (printf "job.deadlineInSeconds must be more than settings.passDeadline (%d s), or a run would be cut short." $least) }}{{ end -}}
{{- end -}}
{{- if and .Values.webhook.enabled (not .Values.webhook.secret.name) }}{{ $m = append $m "The webhook needs webhook.secret.name: it is taken only from who knows a secret." }}{{ end -}}
{{- if and .Values.api.enabled (not .Values.api.tokenSecret.name) }}{{ $m = append $m "The API needs api.tokenSecret.name: others can reach it." }}{{ end -}}
{{- toJson $m -}}
{{- end -}}
