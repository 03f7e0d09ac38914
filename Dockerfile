# The image of the service. To pin the base to what you have checked:
#   docker build --build-arg NODE_IMAGE=node:22-bookworm-slim@sha256:… -t pika-expander .
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
# An image has a PostgreSQL of its own beside it: the embedded one stays out.
RUN npm run build && npm prune --omit=dev --omit=optional --no-audit --no-fund

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build /app/migrations migrations
COPY --from=build /app/knowledge knowledge
USER node
EXPOSE 8080
ENTRYPOINT ["node", "dist/cli/main.js"]
CMD ["serve"]
# The certificate of the API names its host, not loopback.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["node", "-e", "\
  const { PIKA_EXPANDER_TLS_CERT_FILE: tls, PIKA_EXPANDER_PORT: port = 8080 } = process.env; \
  require(tls ? 'https' : 'http') \
    .get({ host: '127.0.0.1', port, path: '/healthz', rejectUnauthorized: false }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)) \
    .on('error', () => process.exit(1))"]
