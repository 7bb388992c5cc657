"""The application: one worker's routes around one detector."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI

from api import openapi, problems
from api.audit import AuditLog
from api.background import Background
from api.bodies import Room
from api.clock import new_id, now
from api.deps import State
from api.endpoints import unscoped_routes
from api.following import Follower
from api.guard import Guard
from api.metrics import Metrics
from api.policies import CurrentDetector
from api.pool import Pool
from api.retention import retaining
from api.routes import (
    articles,
    audit,
    cases,
    checks,
    dossiers,
    findings,
    health,
    keys,
    policy,
    recipients,
    scans,
    sources,
    webhooks,
)
from api.scanning.fetching import Fetcher
from api.scanning.service import Scanning, Schedule
from api.settings import Settings
from api.telling import Telling
from api.web import archive as archive_pages
from api.web import checks as check_pages
from api.web import hooks as hook_pages
from api.web import keys as key_pages
from api.web import legal as legal_pages
from api.web import mail as mail_pages
from api.web import rules as rule_pages
from api.web import session
from api.web import sources as source_pages
from detector import Detector, Policy

logger = logging.getLogger(__name__)


def create_app(settings: Settings, started: Callable[[], None] = lambda: None) -> FastAPI:
    """The ASGI application; the detector is opened when it starts and closed when it stops. `started`: told in between."""
    app = FastAPI(
        title="Sidik",
        version=version("sidik"),
        summary="Copy detection for newsrooms: is this text ours, how much of it, and where.",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=lambda app: _running(app, settings, started),
    )
    problems.install(app)
    administration = (keys, policy, audit, webhooks, recipients)
    legal = (cases, findings, dossiers)
    pages = (check_pages, legal_pages, archive_pages, source_pages, key_pages, hook_pages, mail_pages, rule_pages)
    for module in (articles, checks, sources, scans, *legal, *administration, health, openapi, session, *pages):
        module.add_routes(app)
    if missing := unscoped_routes(app):
        raise RuntimeError(f"routes without a scope: {', '.join(missing)}")
    app.add_middleware(Guard, holder=app.state)
    return app


@asynccontextmanager
async def _running(app: FastAPI, settings: Settings, started: Callable[[], None]) -> AsyncIterator[None]:
    detector = Detector.open(
        settings.store,
        policy=Policy.from_toml(settings.policy),
        index=settings.index,
        clock=now,
        new_id=new_id,
        processes=settings.helpers,
    )
    detector.load()
    current = CurrentDetector(detector, settings)
    pool, doorkeeper = Pool(settings.threads, settings.queue), Pool(4, 1000)
    fetcher = Fetcher(settings.fetch_allow)
    audit_log = AuditLog(detector.store)
    metrics = Metrics(partial(_gauges, detector, pool))
    scanning = Scanning(detector, settings, current=lambda: current.detector, busy=lambda: pool.jobs >= settings.threads)
    schedule = Schedule(scanning) if settings.scans else None
    wake = schedule.wake if schedule else lambda: None
    room = Room(settings.upload_memory_bytes)
    app.state.sidik = State(settings, current, pool, doorkeeper, fetcher, metrics, audit_log, scanning, wake, room)
    follower = Follower(detector.follow)
    failing, again = "the policy cannot be followed", "the policy is followed again"
    ruling = Background("policy", lambda _: current.refresh(), 1.0, logger=logger, failing=failing, again=again)
    telling = Telling(detector.store, settings)
    retention = retaining(detector.store, settings)
    started()
    try:
        yield
    finally:
        if schedule:
            schedule.close()
        scanning.close()
        if retention:
            retention.close()
        telling.close()
        ruling.close()
        follower.close()
        pool.close()
        doorkeeper.close()
        audit_log.close()
        fetcher.close()
        detector.close()


def _gauges(detector: Detector, pool: Pool) -> dict[str, tuple[str, float]]:
    last = detector.store.last_seq()
    return {
        "articles": ("Articles in the index of this worker", len(detector.index)),
        "index_behind": ("Changes of the store that this worker's index has not seen", max(0, last - detector.index.seq)),
        "jobs": ("Jobs of this worker that run or wait", pool.jobs),
    }
