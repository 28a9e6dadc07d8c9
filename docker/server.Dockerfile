# The server: classification, data sets, jobs. Trainers run elsewhere (docker/trainer.Dockerfile) on the same workspace volume.
#
#   docker build -f docker/server.Dockerfile -t bit-server .
#   docker build -f docker/server.Dockerfile -t bit-server:gpu --build-arg FLAVOR=gpu \
#     --build-arg BASE_IMAGE=nvidia/cuda:13.0.2-cudnn-runtime-ubuntu24.04 .
#   docker run -p 127.0.0.1:5075:5075 -p 127.0.0.1:5076:5076 -v bit-workspace:/workspace bit-server
ARG DOTNET_VERSION=10.0
# cpu or gpu.
ARG FLAVOR=cpu
# gpu needs the CUDA libraries: nvidia/cuda:13.0.2-cudnn-runtime-ubuntu24.04; see docs/gpu.md.
ARG BASE_IMAGE=mcr.microsoft.com/dotnet/aspnet:${DOTNET_VERSION}

FROM mcr.microsoft.com/dotnet/sdk:${DOTNET_VERSION} AS build
ARG FLAVOR
ARG TARGETARCH=amd64
WORKDIR /source
# The projects alone first: packages are restored again only when one of these files changes.
COPY docker/publish.sh docker/
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/Core/BiT.Core.csproj src/Core/
COPY src/Protocol/BiT.Protocol.csproj src/Protocol/
COPY src/Server/BiT.Server.csproj src/Server/
RUN sh docker/publish.sh restore src/Server
COPY .editorconfig ./
COPY proto/ proto/
COPY src/Core/ src/Core/
COPY src/Protocol/ src/Protocol/
COPY src/Server/ src/Server/
RUN sh docker/publish.sh publish src/Server

FROM ${BASE_IMAGE} AS final
ARG BASE_IMAGE
ARG FLAVOR
LABEL org.opencontainers.image.title="BiT server" \
      org.opencontainers.image.description="Image classification with BigTransfer networks over gRPC" \
      org.opencontainers.image.version="0.1.0-${FLAVOR}" \
      org.opencontainers.image.base.name="${BASE_IMAGE}"
# The workspace is the only place that is written to, besides /tmp.
RUN install -d -o 1654 -g 1654 /workspace
COPY --from=build /app /app
# All interfaces, because a container's ports are reached from outside it or not at all; who may reach them is decided by what is published.
ENV DOTNET_EnableDiagnostics=0 \
    BIT_Workspace__Path=/workspace \
    BIT_Trainer__Enabled=false \
    BIT_Listen__Address=http://0.0.0.0:5075 \
    BIT_Listen__WebAddress=http://0.0.0.0:5076 \
    BIT_Listen__AllowRemote=true
USER 1654:1654
VOLUME /workspace
EXPOSE 5075 5076
HEALTHCHECK --interval=10s --timeout=10s --start-period=30s CMD ["/app/BiT.Server", "health"]
ENTRYPOINT ["/app/BiT.Server"]
