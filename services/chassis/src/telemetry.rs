use http::HeaderMap;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{TraceContextExt as _, TracerProvider as _};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::config::{ConfigFault, TelemetryConfig};

/// Starts logs (standard error; JSON lines without a terminal) and, where an endpoint is configured, traces.
/// Called a second time in a process, it leaves the first as it is. Answers what must be kept until the end.
///
/// # Errors
/// The filter or the endpoint can't be understood.
pub fn start(config: &TelemetryConfig) -> Result<Option<SdkTracerProvider>, ConfigFault> {
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|error| ConfigFault::new(format!("telemetry.log can't be understood: {error}")))?;
    let provider = config.otlp.as_deref().map(provider).transpose()?;
    let traces = provider
        .as_ref()
        .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("licheng")));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        true => lines.boxed(),
        false => lines.json().boxed(),
    };
    let _ = tracing_subscriber::registry().with(filter).with(lines).with(traces).try_init();
    Ok(provider)
}

fn provider(endpoint: &str) -> Result<SdkTracerProvider, ConfigFault> {
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().with_endpoint(endpoint).build();
    let exporter = exporter.map_err(|error| ConfigFault::new(format!("telemetry.otlp: {error}")))?;
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).build())
}

/// The span of one RPC, below the caller's.
pub(crate) fn rpc_span(path: &str, headers: &HeaderMap) -> tracing::Span {
    let span = tracing::debug_span!("rpc", method = path);
    let parent = TraceContextPropagator::new().extract(&Headers(headers));
    // Without a layer for traces there is nobody to tell.
    let _ = span.set_parent(parent);
    span
}

/// The trace context that the caller's events name: this span's, or the caller's where no traces are kept.
pub(crate) fn traceparent(span: &tracing::Span, headers: &HeaderMap) -> Option<String> {
    let own = span.context();
    let context = own.span().span_context().clone();
    let context = match context.is_valid() {
        true => context,
        false => TraceContextPropagator::new().extract(&Headers(headers)).span().span_context().clone(),
    };
    context.is_valid().then(|| {
        format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8())
    })
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
