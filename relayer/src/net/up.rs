//! `gearway net up`: from nothing to the main job done, and everything ended afterwards.

use super::{
	chains::{self, Chain},
	ethereum::{self, Pair},
	journey::{self, MainJob},
	layout::{DataDir, LayoutError, Repository},
	ports::{Listener, Ports, PortsError},
	preflight::{self, Parts, PreflightError},
	process::{Death, Processes, Program, StartError},
	relayer,
	report::{Console, Journey, aligned, seconds, table},
	setup::{self, Gateway, Programs},
	spec::{self, SpecError},
	steps::{StepError, StepFailure, Steps},
};
use std::{
	io,
	path::PathBuf,
	time::{Duration, SystemTime},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Deadline for programs to answer after their start.
const START: Duration = Duration::from_secs(120);

/// `gearway net up`
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct UpArgs {
	/// The development network: Gear, a sibling parachain, an Ethereum pair and the relayer, all
	/// on the loopback interface and with keys that everybody knows
	#[arg(long, required = true)]
	pub dev: bool,
	/// Stop after the main job; the exit code is zero only if every step was seen in final state
	#[arg(long)]
	pub once: bool,
	/// Folder for logs, configuration and databases; emptied of an earlier run's [default:
	/// target/dev-network in the repository]
	#[arg(long, value_name = "DIR")]
	pub data_dir: Option<PathBuf>,
	/// Folder that holds gear.json and sibling.json, made by gearway-chain-specs [default:
	/// target/chain-specs in the repository]
	#[arg(long, value_name = "DIR")]
	pub chain_specs: Option<PathBuf>,
	/// Listen on consecutive ports from here on, instead of the customary or any free ones
	#[arg(long, value_name = "PORT")]
	pub port_base: Option<u16>,
	/// Gearway's repository, when the current folder is not inside it
	#[arg(long, value_name = "DIR")]
	pub root: Option<PathBuf>,
}

/// A network that could not be started, or whose main job was not done.
#[derive(Debug, thiserror::Error)]
pub enum NetError {
	/// Something needed is not there.
	#[error(transparent)]
	Preflight(#[from] PreflightError),
	/// A folder cannot be used.
	#[error(transparent)]
	Layout(#[from] LayoutError),
	/// A port cannot be had.
	#[error(transparent)]
	Ports(#[from] PortsError),
	/// A chain spec cannot be used.
	#[error(transparent)]
	Spec(#[from] SpecError),
	/// A program cannot be started.
	#[error(transparent)]
	Start(#[from] StartError),
	/// A program ended.
	#[error(transparent)]
	Death(#[from] Death),
	/// A step was not seen.
	#[error("failed at: {step}; the logs are in {}", logs.display())]
	Step {
		/// The step.
		step: String,
		/// Why it was not seen.
		source: Box<StepFailure>,
		/// Where the logs are.
		logs: PathBuf,
	},
	/// The user ended it before the main job was done.
	#[error("ended by a signal before the main job was done")]
	Interrupted,
	/// The system gives no signals.
	#[error("cannot wait for signals")]
	Signals(#[source] io::Error),
}

/// Starts the network, does the main job, and ends everything, whatever happens in between.
pub(super) async fn execute(args: UpArgs) -> Result<(), NetError> {
	let repository = Repository::find(args.root)?;
	let chain_specs = args.chain_specs.unwrap_or_else(|| repository.path("target/chain-specs"));
	// The chains' programs read them from another folder.
	let chain_specs = std::path::absolute(&chain_specs).unwrap_or(chain_specs);
	let parts = preflight::check(&repository, &chain_specs)?;
	let ports = Ports::choose(args.port_base)?;
	let data_dir = args.data_dir.unwrap_or_else(|| repository.path("target/dev-network"));
	let data = DataDir::take(&data_dir)?;
	let mut interruption = Interruption::expect().map_err(NetError::Signals)?;

	let console = Console::new();
	let processes = Processes::new(data.logs());
	let network =
		Network { steps: Steps::new(&console), processes: &processes, parts, ports, data: &data };
	let outcome = network.live(args.once, &mut interruption).await;
	console.wait_is_over();
	console.say("net", "ending all processes");
	processes.stop().await;
	outcome
}

struct Network<'a> {
	steps: Steps<'a>,
	processes: &'a Processes,
	parts: Parts,
	ports: Ports,
	data: &'a DataDir,
}

/// A network that runs. The parachains make blocks as long as this lives.
struct Running {
	gear: Chain,
	sibling: Chain,
	pair: Pair,
	gateway: Gateway,
	programs: Programs,
}

impl Network<'_> {
	async fn live(&self, once: bool, interruption: &mut Interruption) -> Result<(), NetError> {
		let mut journeys = journey::planned();
		let job = async {
			let running = self.start().await?;
			self.do_main_job(&running, &mut journeys).await?;
			Ok::<_, NetError>(running)
		};
		let outcome = tokio::select! {
			outcome = job => outcome,
			death = self.processes.first_death() => Err(death.into()),
			() = interruption.happens() => Err(NetError::Interrupted),
		};
		let console = self.steps.console();
		console.wait_is_over();
		if journeys.iter().any(Journey::has_begun) {
			console.print(&table(&journeys));
		}
		let running = outcome?;
		let took = seconds(console.elapsed());
		console.print(&format!("\nEvery step was seen in final state, {took} after the start."));
		console.print(&self.usage());
		if once {
			return Ok(());
		}
		console.print(&self.addresses(&running));
		console.print("\nCtrl-C ends it all.");
		tokio::select! {
			death = self.processes.first_death() => Err(death.into()),
			() = interruption.happens() => Ok(()),
		}
	}

	/// Starts everything and makes it ready for messages.
	async fn start(&self) -> Result<Running, NetError> {
		let Self { steps, parts, ports, .. } = self;
		let data = self.data.path("ethereum");
		self.start_program(ethereum::program(parts, ports, &data))?;
		let specs = ["gear-spec.json", "sibling-spec.json"].map(|name| self.data.path(name));
		let now = SystemTime::now();
		let gear_id = spec::copy(&parts.gear_spec, &specs[0], now)?;
		let sibling_id = spec::copy(&parts.sibling_spec, &specs[1], now)?;
		self.start_program(chains::program(parts, specs, ports, self.data.path(".")))?;

		let gear = self.connect("Gear", &gear_id, Listener::Gear).await?;
		let sibling = self.connect("sibling", &sibling_id, Listener::Sibling).await?;
		let programs = setup::programs(*steps, &gear).await.map_err(|e| self.failed(e))?;
		let pair = steps
			.within(START, "the Ethereum nodes to answer", Pair::connect(ports, START))
			.await
			.map_err(|error| self.failed(error))?;
		let gateway = setup::gateway(*steps, &pair, &gear, &parts.contract)
			.await
			.map_err(|error| self.failed(error))?;

		let start_block = gateway.deployed.block.number;
		let relayer =
			relayer::program(self.data, ports, gateway.address, start_block).map_err(|source| {
				self.failed(StepError { step: "the relayer's start".into(), source })
			})?;
		self.start_program(relayer)?;
		Ok(Running { gear, sibling, pair, gateway, programs })
	}

	async fn do_main_job(
		&self,
		running: &Running,
		journeys: &mut [Journey],
	) -> Result<(), NetError> {
		let job = MainJob {
			steps: self.steps,
			gear: &running.gear,
			sibling: &running.sibling,
			pair: &running.pair,
			gateway: running.gateway,
			programs: running.programs,
		};
		job.run(journeys).await.map_err(|error| self.failed(error))
	}

	fn start_program(&self, program: Program) -> Result<(), NetError> {
		let name = program.name;
		self.processes.start(program)?;
		let log = self.processes.log_of(name);
		self.steps.console().say("net", &format!("started {name}, log {}", log.display()));
		Ok(())
	}

	async fn connect(
		&self,
		name: &'static str,
		id: &str,
		listener: Listener,
	) -> Result<Chain, NetError> {
		let url = self.ports.url("ws", listener);
		let step = format!("{name} to answer at {url}");
		let chain = self
			.steps
			.within(START, step, Chain::connect(name, id, &url, START))
			.await
			.map_err(|error| self.failed(error))?;
		self.steps.console().say(name, &format!("answers at {url}"));
		Ok(chain)
	}

	fn failed(&self, StepError { step, source }: StepError) -> NetError {
		NetError::Step { step, source: Box::new(source), logs: self.data.logs() }
	}

	/// What each process takes.
	fn usage(&self) -> String {
		let mut rows = Vec::new();
		for usage in self.processes.usage() {
			let memory =
				usage.resident_kib.map_or("-".into(), |kib| format!("{} MiB", kib.div_ceil(1024)));
			let log = usage.log.display().to_string();
			rows.push([usage.name.to_owned(), usage.pid.to_string(), memory, log]);
		}
		let lines = aligned(&["process", "pid", "memory", "log"], &rows);
		format!("\n  {}", lines.join("\n  "))
	}

	/// What there is to connect to.
	fn addresses(&self, running: &Running) -> String {
		let ws = |listener| self.ports.url("ws", listener);
		let http = |listener| self.ports.url("http", listener);
		let apps = |listener| format!("https://polkadot.js.org/apps/?rpc={}", ws(listener));
		let id = |id: [u8; 32]| format!("0x{}", hex::encode(id));
		let rows: Vec<[String; 2]> = [
			("Gear", ws(Listener::Gear)),
			("", apps(Listener::Gear)),
			("sibling", ws(Listener::Sibling)),
			("", apps(Listener::Sibling)),
			("execution node", http(Listener::Execution)),
			("beacon node", http(Listener::Beacon)),
			("gateway contract", running.gateway.address.to_string()),
			("capacitor", id(running.programs.capacitor)),
			("ping", id(running.programs.ping)),
			("relayer's database", relayer::database(self.data).display().to_string()),
			("relayer's log", self.processes.log_of("relayer").display().to_string()),
		]
		.map(|(what, address)| [what.to_owned(), address])
		.into();
		format!("\n  {}", aligned(&["what", "where"], &rows).join("\n  "))
	}
}

/// The signals by which a user ends a command: Ctrl-C, a closed terminal, `kill`.
struct Interruption([Signal; 3]);

impl Interruption {
	fn expect() -> io::Result<Self> {
		let [interrupt, hangup, terminate] =
			[SignalKind::interrupt(), SignalKind::hangup(), SignalKind::terminate()];
		Ok(Self([signal(interrupt)?, signal(hangup)?, signal(terminate)?]))
	}

	async fn happens(&mut self) {
		let [interrupt, hangup, terminate] = &mut self.0;
		tokio::select! {
			_ = interrupt.recv() => {},
			_ = hangup.recv() => {},
			_ = terminate.recv() => {},
		}
	}
}
