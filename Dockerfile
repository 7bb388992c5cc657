FROM python:3.12-slim-bookworm
# Compiled loops are kept here; on a processor of another kind they are compiled once more, so the server may write it.
ENV XDG_CACHE_HOME=/var/cache/sidik PYTHONUNBUFFERED=1
COPY . /tmp/sidik
RUN pip install --no-cache-dir --constraint /tmp/sidik/constraints.txt /tmp/sidik \
 && rm -rf /tmp/sidik \
 && useradd --system --home-dir /var/lib/sidik --create-home sidik \
 && install -d -o sidik -g sidik /var/cache/sidik
USER sidik
WORKDIR /var/lib/sidik
RUN python -c "import fingerprints.kernels.sketch, fingerprints.kernels.furniture, fingerprints.kernels.candidates, \
fingerprints.kernels.merging, fingerprints.kernels.duplicates, fingerprints.kernels.contexts, detector.align"
EXPOSE 8000
CMD ["sidik", "serve"]
