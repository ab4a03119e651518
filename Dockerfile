# Fourcast serving image: built in one stage, run in another, as a user without rights, on a read-only root file system.
#   docker build -t fourcast .
#   docker run --read-only --tmpfs /tmp -p 8000:8000 -v models:/var/lib/fourcast/model_artifacts:ro \
#     -e FOURCAST_DATABASE_URL=... -e FOURCAST_REDIS_URL=... fourcast
FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/fourcast
COPY requirements.lock ./
RUN /opt/fourcast/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY service ./service
COPY training ./training
RUN /opt/fourcast/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim
# LightGBM's wheel needs the system's OpenMP, which slim images lack.
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin fourcast \
 && mkdir -p /var/lib/fourcast/model_artifacts && chown -R fourcast /var/lib/fourcast
COPY --from=build /opt/fourcast /opt/fourcast
ENV PATH=/opt/fourcast/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=1 \
    FOURCAST_HOST=0.0.0.0 \
    FOURCAST_PORT=8000 \
    FOURCAST_STATE_DIR=/tmp/fourcast \
    FOURCAST_ARTIFACTS=/var/lib/fourcast/model_artifacts
USER 10001
WORKDIR /var/lib/fourcast
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['FOURCAST_PORT']}/healthz\", timeout=2)"]
ENTRYPOINT ["fourcast"]
CMD ["serve"]
