{{- define "smart-ems.labels" -}}
app.kubernetes.io/name: smart-ems
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "smart-ems.image" -}}
{{ .image.repository }}:{{ .image.tag | default .version }}
{{- end }}

{{- /* What every pod has in common: one account without rights, nothing to write but the volume and /tmp. */}}
{{- define "smart-ems.pod" -}}
serviceAccountName: default
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
volumes:
  - name: data
    persistentVolumeClaim: {claimName: {{ .Release.Name }}-data}
  - name: tmp
    emptyDir: {}
{{- end }}

{{- define "smart-ems.container" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
envFrom:
  - configMapRef: {name: {{ .Release.Name }}-settings}
  - secretRef: {name: {{ .Values.secretName }}}
volumeMounts:
  - {name: data, mountPath: /var/lib/smart-ems}
  - {name: tmp, mountPath: /tmp}
{{- end }}
