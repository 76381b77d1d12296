# Decides what Bindery's image is made of. docs/image.md says how it is built and what is in it.
#
# The base is pinned to a version. A release pins it to a digest too: --build-arg BASE=docker.io/library/node@sha256:…
ARG BASE=docker.io/library/node:24.21.0-bookworm-slim

FROM ${BASE} AS build
# A mirror of npm's registry, the authority that signs for it, a cache: where a build has them. They stay in this stage.
ARG NPM_CONFIG_REGISTRY
ARG NPM_CONFIG_CACHE
ARG NODE_EXTRA_CA_CERTS
WORKDIR /src
COPY image image
COPY package.json package-lock.json ./
RUN node image/dependencies.mjs compiling && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline
COPY tsconfig.json tsconfig.build.json LICENSE ./
COPY bin bin
COPY src src
# `npm prune` after the build leaves what `npm ci --omit=dev` would install, less what only the embedded Azure imports.
RUN npm run build \
 && rm -r dist/sandbox \
 && node image/dependencies.mjs running \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund --offline \
 && npm sbom --sbom-format spdx > npm.spdx.json \
 && sh image/strip.sh node_modules \
 && mkdir /opt/bindery \
 && mv bin dist node_modules package.json LICENSE /opt/bindery \
 && sh image/warm.sh /opt/bindery

FROM ${BASE}
# Git, and what it needs for https:// and ssh://. Package managers are for builds.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt /var/log/dpkg.log \
 && rm -rf /usr/local/lib/node_modules /opt/yarn* \
 && rm -f /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg \
 && echo 'bindery:x:10001:10001:Bindery:/nonexistent:/usr/sbin/nologin' >> /etc/passwd \
 && echo 'bindery:x:10001:' >> /etc/group
COPY --from=build /opt/bindery /opt/bindery
RUN --mount=type=bind,from=build,source=/src,target=/src \
    mkdir -p /usr/share/doc/bindery /work \
 && node /src/image/sbom.mjs /src/npm.spdx.json > /usr/share/doc/bindery/sbom.spdx.json \
 && ln -s /opt/bindery/bin/bindery.js /usr/local/bin/bindery \
 && bindery --version

ARG VERSION
ARG REVISION
ARG CREATED
LABEL org.opencontainers.image.title="Bindery" \
      org.opencontainers.image.description="Keeps Azure user-assigned managed identities the way a Git repository says they should be." \
      org.opencontainers.image.source="https://github.com/bindery-dev/bindery" \
      org.opencontainers.image.documentation="https://github.com/bindery-dev/bindery/blob/main/docs/image.md" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}"
WORKDIR /work
USER 10001:10001
ENTRYPOINT ["bindery"]
