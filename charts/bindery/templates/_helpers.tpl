{{- /* Names and labels, and the facts that several objects need. */ -}}

{{- /* At most 40 characters: Kubernetes adds to the names of Jobs and pods. */ -}}
{{- define "bindery.name" -}}
{{- $of := .Release.Name -}}
{{- if not (contains "bindery" $of) }}{{ $of = printf "%s-bindery" $of }}{{ end -}}
{{- .Values.fullnameOverride | default $of | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "bindery.selector" -}}
app.kubernetes.io/name: bindery
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "bindery.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{ include "bindery.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
{{- end -}}

{{- define "bindery.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "bindery.name" .) -}}
{{- end -}}

{{- define "bindery.image" -}}
{{- with .Values.image -}}
{{- $tag := .tag | default $.Chart.AppVersion -}}
{{- if .digest }}{{ printf "%s@%s" .repository .digest }}{{ else }}{{ printf "%s:%s" .repository $tag }}{{ end -}}
{{- end -}}
{{- end -}}

{{- /* "yes" or nothing, as all conditions below: a template gives only text. */ -}}
{{- define "bindery.hasLease" -}}
{{- if or .Values.policy.spec.lease .Values.policy.existingConfigMap.hasLease }}yes{{ end -}}
{{- end -}}

{{- define "bindery.isSsh" -}}
{{- if hasPrefix "git+ssh://" .Values.source.git.url }}yes{{ end -}}
{{- end -}}

{{- /* Only of a repository can an earlier revision be fetched again, and with a lease its id is kept in the blob. */ -}}
{{- define "bindery.hasState" -}}
{{- if and .Values.source.git.url (not (include "bindery.hasLease" .)) }}yes{{ end -}}
{{- end -}}

{{- define "bindery.tenantId" -}}
{{- .Values.identity.tenantId | default .Values.policy.spec.tenantId -}}
{{- end -}}

{{- define "bindery.policyConfigMap" -}}
{{- .Values.policy.existingConfigMap.name | default (printf "%s-policy" (include "bindery.name" .)) -}}
{{- end -}}

{{- define "bindery.manifestsConfigMap" -}}
{{- .Values.source.manifests.existingConfigMap | default (printf "%s-manifests" (include "bindery.name" .)) -}}
{{- end -}}

{{- /* A key of a ConfigMap has no slash; the volume puts each file at its path again. No path has two underscores. */ -}}
{{- define "bindery.manifestKey" -}}
{{- . | replace "/" "__" -}}
{{- end -}}

{{- /* "90s", "10m" or "1h" in seconds. */ -}}
{{- define "bindery.seconds" -}}
{{- $number := regexFind "^[0-9]+" . | int -}}
{{- if hasSuffix "m" . }}{{ mul $number 60 }}{{ else if hasSuffix "h" . }}{{ mul $number 3600 }}{{ else }}{{ $number }}{{ end -}}
{{- end -}}

{{- /* The port that a URL names, else the given one. */ -}}
{{- define "bindery.portOf" -}}
{{- regexFind ":[0-9]+$" (urlParse .url).host | trimPrefix ":" | default (toString .else) -}}
{{- end -}}
