{{- define "pika-expander.labels" -}}
app.kubernetes.io/name: pika-expander
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "pika-expander.selector" -}}
app.kubernetes.io/name: pika-expander
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "pika-expander.secret" -}}
{{ required "existingSecret is not set: name the Secret with the tokens and DATABASE_URL (see values.yaml)" .Values.existingSecret }}
{{- end -}}

{{- define "pika-expander.container" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  - name: PIKA_EXPANDER_HOST
    value: 0.0.0.0
  - name: PIKA_EXPANDER_PORT
    value: "8080"
{{- range $name, $value := .Values.settings }}
  - name: {{ $name }}
    value: {{ $value | quote }}
{{- end }}
{{- if .Values.postgresql.enabled }}
  - name: POSTGRES_PASSWORD
    valueFrom:
      secretKeyRef:
        name: {{ include "pika-expander.secret" . }}
        key: POSTGRES_PASSWORD
  - name: DATABASE_URL
    value: postgres://expander:$(POSTGRES_PASSWORD)@{{ .Release.Name }}-postgresql:5432/expander
{{- end }}
envFrom:
  - secretRef:
      name: {{ include "pika-expander.secret" . }}
ports:
  - name: http
    containerPort: 8080
startupProbe:
  httpGet:
    path: /healthz
    port: http
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet:
    path: /healthz
    port: http
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet:
    path: /readyz
    port: http
  periodSeconds: 10
  timeoutSeconds: 5
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
volumeMounts:
  - name: tmp
    mountPath: /tmp
{{- end -}}

{{- define "pika-expander.pod" -}}
serviceAccountName: {{ .Release.Name }}
automountServiceAccountToken: false
terminationGracePeriodSeconds: 30
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  seccompProfile:
    type: RuntimeDefault
{{- if .Values.imagePullSecrets }}
imagePullSecrets:
{{ toYaml .Values.imagePullSecrets | indent 2 }}
{{- end }}
{{- if .Values.nodeSelector }}
nodeSelector:
{{ toYaml .Values.nodeSelector | indent 2 }}
{{- end }}
{{- if .Values.tolerations }}
tolerations:
{{ toYaml .Values.tolerations | indent 2 }}
{{- end }}
{{- if .Values.affinity }}
affinity:
{{ toYaml .Values.affinity | indent 2 }}
{{- end }}
volumes:
  - name: tmp
    emptyDir: {}
{{- end -}}
