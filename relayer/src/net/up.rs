//! `gearway net up`: from nothing to a network that is ready, and everything ended afterwards.

use super::{
	chains::{self, Blocks, Chain},
	error::NetError,
	ethereum::{self, Pair},
	family,
	guest::Guest,
	journey::{self, MainJob},
	layout::{DataDir, LayoutError, Repository},
	make::Make,
	nodes::{
		Nodes,
		binaries::Places,
		plan::{self, GearCollators},
	},
	ports::{Listener, Ports},
	preflight::{self, Parts},
	process::{Processes, Program},
	relayer,
	report::{Console, Journey, aligned, seconds, table},
	select::Which,
	setup::{self, Gateway, Programs},
	spec,
	state::{self, State},
	steps::{StepError, Steps},
};
use std::{
	ffi::OsString,
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
	#[command(flatten)]
	which: Which,
	/// How many collators make Gear's blocks, 1 or 2; for the network of nodes
	#[arg(
		long,
		value_name = "N",
		default_value_t = 1,
		value_parser = clap::value_parser!(u8).range(1..=2),
		conflicts_with = "dev"
	)]
	gear_collators: u8,
	/// Do the main job and stop; the exit code is zero only if every step was seen in final state
	#[arg(long)]
	once: bool,
	/// Folder that holds gear.json and sibling.json, made by gearway-chain-specs [default:
	/// target/chain-specs in the repository]
	#[arg(long, value_name = "DIR")]
	chain_specs: Option<PathBuf>,
	/// Listen on consecutive ports from here on, instead of the customary or any free ones
	#[arg(long, value_name = "PORT")]
	port_base: Option<u16>,
	/// Run this command once the network is ready, and the main job done where that is to be done;
	/// then stop. It finds GEARWAY_GEAR_URL, GEARWAY_SIBLING_URL, GEARWAY_EXECUTION_URL,
	/// GEARWAY_BEACON_URL, GEARWAY_CONTRACT, GEARWAY_CAPACITOR and GEARWAY_PING in its environment.
	/// The exit code is zero only if its own is
	#[arg(last = true, value_name = "COMMAND")]
	command: Vec<OsString>,
}

/// Starts the network, makes it ready, and ends everything, whatever happens in between.
pub(super) async fn execute(args: UpArgs) -> Result<(), NetError> {
	let repository = Repository::find(args.which.root.clone())?;
	let chain_specs = args.chain_specs.unwrap_or_else(|| repository.target("chain-specs"));
	// The chains' programs read them from another folder.
	let chain_specs = std::path::absolute(&chain_specs).unwrap_or(chain_specs);
	let folder = args.which.folder(&repository);
	let make = if args.which.dev {
		Make::Development(preflight::check(&repository, &chain_specs)?)
	} else {
		let places = Places::of_user();
		let parts = preflight::check_nodes(&repository, &chain_specs, &folder, &places).await?;
		let two = args.gear_collators > 1;
		Make::Nodes(parts, if two { GearCollators::Two } else { GearCollators::One })
	};
	let data = DataDir::take(&folder)?;
	let stale = family::writing_to(&data.logs());
	if !stale.is_empty() {
		return Err(NetError::Stale(stale.into_iter().map(|old| (old.name, old.pid)).collect()));
	}
	let ports = Ports::choose(&make.listeners(), args.port_base)?;
	let mut interruption = Interruption::expect().map_err(NetError::Signals)?;

	let console = Console::with_stage(state::stage_file(&data.path(".")));
	let processes = Processes::new(data.logs());
	let network =
		Network { steps: Steps::new(&console), processes: &processes, make, ports, data: &data };
	let stay = match Guest::new(args.command) {
		Some(guest) => Stay::WithGuest(guest),
		None if args.once => Stay::Over,
		None => Stay::UntilInterrupted,
	};
	let outcome = network.live(args.once, stay, &mut interruption).await;
	console.wait_is_over();
	console.say("net", "ending all processes");
	processes.stop().await;
	outcome
}

/// What is done with a network that is ready.
enum Stay {
	/// Nothing: it has served its purpose.
	Over,
	/// It lasts until this command has ended.
	WithGuest(Guest),
	/// It lasts until the user wants no more of it.
	UntilInterrupted,
}

struct Network<'a> {
	steps: Steps<'a>,
	processes: &'a Processes,
	make: Make,
	ports: Ports,
	data: &'a DataDir,
}

/// A network that runs. The chains are followed as long as this lives.
struct Running {
	/// Nobody asks it for anything any more.
	_relay: Option<Chain>,
	gear: Chain,
	sibling: Chain,
	pair: Pair,
	gateway: Gateway,
	programs: Programs,
}

impl Network<'_> {
	async fn live(
		&self,
		once: bool,
		stay: Stay,
		interruption: &mut Interruption,
	) -> Result<(), NetError> {
		let mut journeys = journey::planned();
		// The development network is there for the job; nodes do it where they are told to stop then.
		let is_job_wanted = once || matches!(self.make, Make::Development(_));
		let job = async {
			self.write_state(None)?;
			let running = self.start().await?;
			if is_job_wanted {
				self.do_main_job(&running, &mut journeys).await?;
			}
			self.write_state(Some(&running))?;
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
		console.print(&if is_job_wanted {
			format!("\nEvery step was seen in final state, {took} after the start.")
		} else {
			format!("\nReady, {took} after the start.")
		});
		console.print(&self.usage());
		if let Stay::Over = stay {
			return Ok(());
		}
		let rows: Vec<_> =
			self.addresses(Some(&running)).into_iter().map(|(what, at)| [what, at]).collect();
		let lines = aligned(&["what", "where"], &rows);
		console.print(&format!("\n  {}", lines.join("\n  ")));
		let Stay::WithGuest(guest) = stay else {
			console.print("\nCtrl-C ends it all, and so does `gearway net down`.");
			return tokio::select! {
				death = self.processes.first_death() => Err(death.into()),
				() = interruption.happens() => Ok(()),
			};
		};
		console.print(&format!("\n{guest}"));
		tokio::select! {
			done = guest.run(self.variables(&running)) => Ok(done?),
			death = self.processes.first_death() => Err(death.into()),
			() = interruption.happens() => Err(NetError::Interrupted),
		}
	}

	/// Starts everything and makes it ready for messages.
	async fn start(&self) -> Result<Running, NetError> {
		let ethereum =
			ethereum::program(self.make.ethereum(), &self.ports, &self.data.path("ethereum"));
		self.start_program(ethereum)?;
		match &self.make {
			Make::Development(parts) => {
				let [gear, sibling] = self.start_parachains(parts).await?;
				let (programs, pair, gateway) = self.set_up(&gear).await?;
				Ok(Running { _relay: None, gear, sibling, pair, gateway, programs })
			}
			Make::Nodes(parts, collators) => {
				let Self { steps, processes, ports, data, .. } = self;
				let (steps, collators) = (*steps, *collators);
				let nodes = Nodes { steps, processes, parts, ports, data, collators };
				let (chains, _) = nodes.start().await.map_err(|error| self.failed(error))?;
				nodes.ask_for_channels(&chains).await.map_err(|error| self.failed(error))?;
				// Meanwhile they open.
				let (programs, pair, gateway) = self.set_up(&chains.gear).await?;
				nodes.wait_for_channels(&chains).await.map_err(|error| self.failed(error))?;
				let (gear, sibling) = (chains.gear, chains.sibling);
				Ok(Running { _relay: Some(chains.relay), gear, sibling, pair, gateway, programs })
			}
		}
	}

	/// Starts the development network's chains.
	async fn start_parachains(&self, parts: &Parts) -> Result<[Chain; 2], NetError> {
		let specs = ["gear-spec.json", "sibling-spec.json"].map(|name| self.data.path(name));
		let now = SystemTime::now();
		let gear_id = spec::copy(&parts.gear_spec, &specs[0], now)?;
		let sibling_id = spec::copy(&parts.sibling_spec, &specs[1], now)?;
		self.start_program(chains::program(parts, specs, &self.ports, self.data.path(".")))?;
		Ok([
			self.connect("Gear", &gear_id, Listener::Gear).await?,
			self.connect("sibling", &sibling_id, Listener::Sibling).await?,
		])
	}

	/// Uploads the programs, deploys the contract, makes both ends known to one another, and starts
	/// the relayer.
	async fn set_up(&self, gear: &Chain) -> Result<(Programs, Pair, Gateway), NetError> {
		let Self { steps, ports, .. } = self;
		let programs = setup::programs(*steps, gear).await.map_err(|e| self.failed(e))?;
		let pair = steps
			.within(START, "the Ethereum nodes to answer", Pair::connect(ports, START))
			.await
			.map_err(|error| self.failed(error))?;
		let gateway = setup::gateway(*steps, &pair, gear, &self.make.ethereum().contract)
			.await
			.map_err(|error| self.failed(error))?;

		let start_block = gateway.deployed.block.number;
		let relayer =
			relayer::program(self.data, ports, gateway.address, start_block).map_err(|source| {
				self.failed(StepError { step: "the relayer's start".into(), source })
			})?;
		self.start_program(relayer)?;
		Ok((programs, pair, gateway))
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
			.within(START, step, Chain::connect(name, id, &url, START, Blocks::OnDemand))
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

	/// What there is to connect to; what was made in the set-up, once it is there.
	fn addresses(&self, running: Option<&Running>) -> Vec<(String, String)> {
		let mut all = Vec::new();
		let mut add = |what: &str, at: String| all.push((what.to_owned(), at));
		for (chain, listener) in self.make.chains() {
			let url = self.ports.url("ws", listener);
			add(chain, url.clone());
			add("", format!("https://polkadot.js.org/apps/?rpc={url}"));
		}
		if let Make::Nodes(_, collators) = &self.make {
			for node in plan::nodes(*collators).into_iter().filter(|n| n.is_second()) {
				add(node.name(), self.ports.url("ws", node.rpc()));
			}
		}
		add("execution node", self.ports.url("http", Listener::Execution));
		add("beacon node", self.ports.url("http", Listener::Beacon));
		if let Some(running) = running {
			add("gateway contract", running.gateway.address.to_string());
			add("capacitor", in_hex(running.programs.capacitor));
			add("ping", in_hex(running.programs.ping));
			add("relayer's database", relayer::database(self.data).display().to_string());
		}
		add("logs", self.data.logs().display().to_string());
		all
	}

	/// What a guest is told.
	fn variables(&self, running: &Running) -> Vec<(&'static str, String)> {
		let url = |scheme: &str, listener| self.ports.url(scheme, listener);
		Vec::from([
			("GEARWAY_GEAR_URL", url("ws", Listener::Gear)),
			("GEARWAY_SIBLING_URL", url("ws", Listener::Sibling)),
			("GEARWAY_EXECUTION_URL", url("http", Listener::Execution)),
			("GEARWAY_BEACON_URL", url("http", Listener::Beacon)),
			("GEARWAY_CONTRACT", running.gateway.address.to_string()),
			("GEARWAY_CAPACITOR", in_hex(running.programs.capacitor)),
			("GEARWAY_PING", in_hex(running.programs.ping)),
		])
	}

	/// Leaves word for those who ask.
	fn write_state(&self, running: Option<&Running>) -> Result<(), LayoutError> {
		let chains = self.make.chains().into_iter();
		let state = State {
			network: self.make.in_words().into(),
			is_ready: running.is_some(),
			chains: chains.map(|(name, at)| (name.into(), self.ports.url("ws", at))).collect(),
			addresses: self.addresses(running),
		};
		state.write(&self.data.path("."))
	}
}

fn in_hex(id: [u8; 32]) -> String {
	format!("0x{}", hex::encode(id))
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
