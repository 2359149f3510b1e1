# One image for all parts: `selvedge gateway`, `selvedge subgraph NAME`, `selvedge up`.
FROM node:22-bookworm-slim AS front-end
WORKDIR /build
COPY schema schema
COPY frontend-contract frontend-contract
RUN cd frontend-contract && npm ci --no-audit --no-fund && npm run build

FROM rust:1.95-bookworm AS binary
WORKDIR /build
COPY . .
COPY --from=front-end /build/frontend-contract/playground/dist frontend-contract/playground/dist
COPY --from=front-end /build/frontend-contract/storefront/dist frontend-contract/storefront/dist
RUN cargo build --release --locked --bin selvedge

FROM debian:bookworm-slim
RUN useradd --system --create-home selvedge
COPY --from=binary /build/target/release/selvedge /usr/local/bin/selvedge
COPY --from=binary /build/schema /srv/schema
USER selvedge
WORKDIR /srv
ENTRYPOINT ["selvedge"]
# The whole in one container, for a look: docker run --rm -p 127.0.0.1:4000:4000 selvedge
CMD ["up", "--data", "/home/selvedge/data", "--listen", "0.0.0.0:4000"]
