# postroom as one static binary in an image without a shell, run by a user
# without rights. Build: docker build -t postroom .

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# .git is not copied into the image, so there is no revision to stamp.
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w" -o /postroom ./cmd/postroom \
 && mkdir /data

# One program of busybox, so that the health check can ask over HTTP.
FROM busybox:1.37-musl AS tools

# Brings certificate authorities, a passwd file and the user nonroot (65532).
# Time zones are in the binary.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=tools /bin/wget /bin/wget
COPY --from=build /postroom /postroom
COPY --from=build --chown=65532:65532 /data /data
COPY LICENSE /LICENSE

USER 65532:65532
WORKDIR /data
# postroom.yaml goes in here, and everything postroom keeps on this machine.
VOLUME /data
EXPOSE 8080
# postroom has 25 seconds to finish what it is doing after SIGTERM.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["/bin/wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz"]

ENTRYPOINT ["/postroom"]
CMD ["serve", "--config", "/data/postroom.yaml"]
