# A trainer: takes the jobs of a workspace volume that it shares with the server (docker/server.Dockerfile), on the same host.
#
#   docker build -f docker/trainer.Dockerfile -t bit-trainer .
#   docker build -f docker/trainer.Dockerfile -t bit-trainer:gpu --build-arg FLAVOR=gpu \
#     --build-arg BASE_IMAGE=nvidia/cuda:13.0.2-cudnn-runtime-ubuntu24.04 .
#   docker run -v bit-workspace:/workspace bit-trainer
ARG DOTNET_VERSION=10.0
# cpu or gpu.
ARG FLAVOR=cpu
# gpu needs the CUDA libraries: nvidia/cuda:13.0.2-cudnn-runtime-ubuntu24.04; see docs/gpu.md.
ARG BASE_IMAGE=mcr.microsoft.com/dotnet/runtime:${DOTNET_VERSION}

FROM mcr.microsoft.com/dotnet/sdk:${DOTNET_VERSION} AS build
ARG FLAVOR
ARG TARGETARCH=amd64
WORKDIR /source
# The projects alone first: packages are restored again only when one of these files changes.
COPY docker/publish.sh docker/
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/Core/BiT.Core.csproj src/Core/
COPY src/Graphs/BiT.Graphs.csproj src/Graphs/
COPY src/Trainer/BiT.Trainer.csproj src/Trainer/
RUN sh docker/publish.sh restore src/Trainer
COPY .editorconfig ./
COPY proto/ proto/
COPY src/Core/ src/Core/
COPY src/Graphs/ src/Graphs/
COPY src/Trainer/ src/Trainer/
RUN sh docker/publish.sh publish src/Trainer

FROM ${BASE_IMAGE} AS final
ARG BASE_IMAGE
ARG FLAVOR
LABEL org.opencontainers.image.title="BiT trainer" \
      org.opencontainers.image.description="Fine-tunes BigTransfer networks from the jobs of a BiT workspace" \
      org.opencontainers.image.version="0.1.0-${FLAVOR}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
# The workspace is the only place that is written to, besides /tmp.
RUN install -d -o 1654 -g 1654 /workspace
COPY --from=build /app /app
ENV DOTNET_EnableDiagnostics=0 \
    BIT_Workspace__Path=/workspace \
    BIT_Trainer__AliveFile=/tmp/trainer-alive
USER 1654:1654
VOLUME /workspace
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s CMD ["/app/BiT.Trainer", "health"]
ENTRYPOINT ["/app/BiT.Trainer"]
CMD ["work"]
