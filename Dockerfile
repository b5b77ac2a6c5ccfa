# transcribe in a container: weights and the lab's key identity live in volumes, the study is mounted.
#   docker build -t transcribe .
#   docker run --rm --gpus all --network none -v ... transcribe run /audio --study /study     (see README)
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/transcribe
COPY pyproject.toml README.md LICENSE ./
COPY models/models.toml models/models.toml
COPY transcribe transcribe
RUN /opt/transcribe/bin/pip install --no-cache-dir .

FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ffmpeg \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 lab \
    && install -d -o lab -g lab -m 0700 /home/lab/.config /home/lab/.config/transcribe /weights
COPY --from=build /opt/transcribe /opt/transcribe
ENV PATH=/opt/transcribe/bin:$PATH \
    TRANSCRIBE_MODELS=/weights \
    PYANNOTE_METRICS_ENABLED=0 \
    HF_HUB_DISABLE_TELEMETRY=1 \
    PYTHONDONTWRITEBYTECODE=1
USER lab
WORKDIR /home/lab
# Without a volume for the identity, the key of every study made here is lost with the container.
VOLUME ["/weights", "/home/lab/.config/transcribe"]
ENTRYPOINT ["transcribe"]
CMD ["--help"]
