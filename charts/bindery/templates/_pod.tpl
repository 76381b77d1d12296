{{- /* The pod, the same for both modes but for probes: as Kubernetes' restricted profile wants it, with a read-only root. */ -}}

{{- define "bindery.podMetadata" -}}
labels:
  {{- include "bindery.labels" . | nindent 2 }}
  {{- if eq .Values.identity.kind "workload" }}
  azure.workload.identity/use: "true"
  {{- end }}
  {{- with .Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  # Settings are read at the start, the policy's owner, tenant and lease too; the rest of the policy takes effect by itself.
  checksum/settings: {{ include "bindery.settings" . | sha256sum }}
  checksum/fixed-policy: {{ include "bindery.fixedPolicy" . | sha256sum }}
  {{- with .Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "bindery.podSpec" -}}
serviceAccountName: {{ include "bindery.serviceAccount" . }}
# Bindery does not talk to Kubernetes; workload identity brings a token of its own.
automountServiceAccountToken: false
# A variable like BINDERY_PORT, made for a Service, would look like a setting.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ add (include "bindery.seconds" .Values.settings.gracePeriod) 5 }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ int .Values.security.runAsUser }}
  runAsGroup: {{ int .Values.security.runAsGroup }}
  # Secrets belong to root: the group is what lets this user read them, and write its volume.
  fsGroup: {{ int .Values.security.runAsGroup }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
containers:
  - name: bindery
    image: {{ include "bindery.image" . | quote }}
    imagePullPolicy: {{ .Values.image.pullPolicy }}
    args: [run, --config, /etc/bindery/settings/bindery.yaml]
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities:
        drop: [ALL]
    env:
      {{- include "bindery.environment" . | nindent 6 }}
    resources:
      {{- toYaml .Values.resources | nindent 6 }}
    {{- if eq .Values.mode "daemon" }}
    {{- include "bindery.listening" . | nindent 4 }}
    {{- end }}
    volumeMounts:
      {{- include "bindery.mounts" . | nindent 6 }}
volumes:
  {{- include "bindery.volumes" . | nindent 2 }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if gt (int .Values.replicas) 1 }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "bindery.selector" . | nindent 8 }}
{{- end }}
{{- end -}}

{{- define "bindery.environment" -}}
{{- $identity := .Values.identity -}}
{{- $credentials := dict "workload" "WorkloadIdentityCredential" "managed" "ManagedIdentityCredential" "clientSecret" "EnvironmentCredential" -}}
# This way to sign in and no other.
- name: AZURE_TOKEN_CREDENTIALS
  value: {{ get $credentials $identity.kind }}
{{- if eq $identity.kind "clientSecret" }}
- name: AZURE_TENANT_ID
  value: {{ include "bindery.tenantId" . | quote }}
{{- end }}
{{- if and (ne $identity.kind "workload") $identity.clientId }}
- name: AZURE_CLIENT_ID
  value: {{ $identity.clientId | quote }}
{{- end }}
{{- if eq $identity.kind "clientSecret" }}
- name: AZURE_CLIENT_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ $identity.secret.name }}
      key: {{ $identity.secret.key }}
{{- end }}
{{- with .Values.source.git.user }}
- name: BINDERY_GIT_USER
  value: {{ . | quote }}
{{- end }}
{{- with .Values.env }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "bindery.listening" -}}
ports:
  - name: probes
    containerPort: 8080
  {{- if .Values.webhook.enabled }}
  - name: webhook
    containerPort: 8081
  {{- end }}
  {{- if .Values.api.enabled }}
  - name: api
    containerPort: 8082
  {{- end }}
startupProbe:
  httpGet:
    path: /healthz
    port: probes
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet:
    path: /healthz
    port: probes
  periodSeconds: 30
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet:
    path: /readyz
    port: probes
  periodSeconds: 10
  timeoutSeconds: 5
{{- end -}}

{{- define "bindery.mounts" -}}
- name: settings
  mountPath: /etc/bindery/settings
  readOnly: true
- name: policy
  mountPath: /etc/bindery/policy
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- if not .Values.source.git.url }}
- name: manifests
  mountPath: /srv/bindery/manifests
  readOnly: true
{{- end }}
{{- if include "bindery.gitSecret" . }}
- name: git
  mountPath: /etc/bindery/git
  readOnly: true
{{- end }}
{{- if .Values.source.git.caConfigMap.name }}
- name: git-ca
  mountPath: /etc/bindery/git-ca
  readOnly: true
{{- end }}
{{- if include "bindery.hasState" . }}
- name: state
  mountPath: /var/lib/bindery
{{- end }}
{{- if .Values.webhook.enabled }}
- name: webhook
  mountPath: /etc/bindery/webhook
  readOnly: true
{{- end }}
{{- if .Values.api.enabled }}
- name: api
  mountPath: /etc/bindery/api
  readOnly: true
{{- end }}
{{- end -}}

{{- define "bindery.gitSecret" -}}
{{- .Values.source.git.tokenSecret.name | default .Values.source.git.ssh.secret -}}
{{- end -}}

{{- define "bindery.volumes" -}}
{{- $git := .Values.source.git -}}
- name: settings
  configMap:
    name: {{ include "bindery.name" . }}-settings
- name: policy
  configMap:
    name: {{ include "bindery.policyConfigMap" . }}
    items:
      - key: {{ .Values.policy.existingConfigMap.key }}
        path: policy.yaml
# One commit of the repository at a time.
- name: tmp
  emptyDir:
    sizeLimit: 1Gi
{{- if not $git.url }}
- name: manifests
  configMap:
    name: {{ include "bindery.manifestsConfigMap" . }}
    {{- if .Values.source.manifests.files }}
    items:
      {{- range $path, $_ := .Values.source.manifests.files }}
      - key: {{ include "bindery.manifestKey" $path }}
        path: {{ $path }}
      {{- end }}
    {{- end }}
{{- end }}
{{- if include "bindery.gitSecret" . }}
- name: git
  secret:
    secretName: {{ include "bindery.gitSecret" . }}
    # 0440: read by the group, written by nobody. OpenSSH minds that only of a key of the very user who reads it.
    defaultMode: 288
    items:
      {{- if $git.ssh.secret }}
      - key: {{ $git.ssh.key }}
        path: identity
      - key: {{ $git.ssh.knownHosts }}
        path: known_hosts
      {{- else }}
      - key: {{ $git.tokenSecret.key }}
        path: token
      {{- end }}
{{- end }}
{{- if $git.caConfigMap.name }}
- name: git-ca
  configMap:
    name: {{ $git.caConfigMap.name }}
    items:
      - key: {{ $git.caConfigMap.key }}
        path: ca.crt
{{- end }}
{{- if include "bindery.hasState" . }}
- name: state
  {{- if .Values.state.persistence.enabled }}
  persistentVolumeClaim:
    claimName: {{ .Values.state.persistence.existingClaim | default (include "bindery.name" .) }}
  {{- else }}
  emptyDir:
    sizeLimit: 16Mi
  {{- end }}
{{- end }}
{{- if .Values.webhook.enabled }}
- name: webhook
  secret:
    secretName: {{ .Values.webhook.secret.name }}
    defaultMode: 288
    items:
      - key: {{ .Values.webhook.secret.key }}
        path: secret
{{- end }}
{{- if .Values.api.enabled }}
- name: api
  secret:
    secretName: {{ .Values.api.tokenSecret.name }}
    defaultMode: 288
    items:
      - key: {{ .Values.api.tokenSecret.key }}
        path: token
{{- end }}
{{- end -}}
